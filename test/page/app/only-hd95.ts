// A page that wants HD95: its bundle holds the surface metrics and no others.

import { hausdorff } from "losskit/metrics";

const options = { shape: [2, 2], percentile: 95 };
document.title = String(hausdorff([1, 1, 0, 0], [0, 1, 0, 1], options).value);
