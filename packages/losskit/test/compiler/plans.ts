// Plans for tests: of any loss, head and options, with arrays of a few voxels.

import type { Plan } from "../../src/compiler/plan.js";
import type { Activation, CallOptions, Target } from "../../src/formula/options.js";
import type { Loss } from "../../src/losses/loss.js";

export interface PlanCall {
  readonly channels?: number;
  readonly activation?: Activation;
  readonly target?: "bytes" | "integers" | "soft" | "bytes per channel";
  readonly ignore?: number;
  readonly weighted?: boolean;
  readonly fields?: CallOptions["fields"];
}

const VOXELS = 4;

export function planOf(loss: Loss, call: PlanCall = {}): Plan {
  const { channels = 1, activation = channels === 1 ? "sigmoid" : "softmax", target = "bytes", ignore, fields } = call;
  const all = channels * VOXELS;
  const targets: Record<typeof target, () => Target> = {
    bytes: () => new Uint8Array(VOXELS),
    integers: () => new Int32Array(VOXELS),
    soft: () => new Float32Array(all),
    "bytes per channel": () => new Uint8Array(all),
  };
  return loss.plan(new Float32Array(all), targets[target](), {
    shape: [1, channels, VOXELS],
    activation,
    ...(ignore !== undefined && { ignore }),
    ...(call.weighted && { weights: new Float32Array(VOXELS) }),
    ...(fields && { fields }),
  });
}
