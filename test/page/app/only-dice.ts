// A page that wants one loss: its bundle holds no other.

import { dice } from "losskit";

const logits = Float32Array.of(2, -1, 0.5, -3);
document.title = String(dice().value(logits, Uint8Array.of(1, 0, 1, 0), { shape: [1, 1, 4] }));
