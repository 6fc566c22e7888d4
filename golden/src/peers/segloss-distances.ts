// What SegLossOdyssey's losses that measure distances are with us.

import type { Parameters, PeerCall, PeerMapping, PeerTerm } from "./peer-call.js";
import { diceOf } from "./segloss-scores.js";

/** The distance map is an argument. */
function boundary(parameters: Parameters): Pick<PeerCall, "fields"> & { readonly term: PeerTerm } {
  parameters.unused("bound_shape");
  return {
    term: { formula: "mean(p * bound)", settings: { classes: "foreground", fields: { bound: "class-voxel" } } },
    fields: { bound: parameters.optional<number[]>("bound") ?? [] },
  };
}

const boundaryLoss: PeerMapping = (parameters) => {
  const { term, fields } = boundary(parameters);
  return { terms: [term], activation: "softmax", fields };
};

const diceAndBoundary: PeerMapping = (parameters, golden) => {
  const { term, fields } = boundary(parameters);
  return { terms: [diceOf(parameters, golden), term], activation: "softmax", fields };
};

/** True positives weigh 1 more at the border of the object, down to 0 more in its middle. */
const DISTANCE_DICE = `
  depth = distance(1 - y)
  nearness = y * (max(depth) - depth)
  I = sum(p * y * (1 + nearness / max(nearness)))
  loss = -(2 * I + s) / (sum(p) + sum(y) + s)
`;

const distanceDice: PeerMapping = (parameters) => ({
  terms: [
    {
      formula: DISTANCE_DICE,
      settings: { images: "each", classes: [1], parameters: { s: parameters.number("smooth") } },
    },
  ],
  activation: "softmax",
});

const hausdorffDistance: PeerMapping = (parameters) => ({
  terms: [{ loss: "hausdorff-dt", settings: { images: "each", exponent: parameters.number("alpha") } }],
  activation: "none",
});

const hausdorffErosion: PeerMapping = (parameters) => {
  const settings = {
    images: "each",
    exponent: parameters.number("alpha"),
    iterations: parameters.number("erosions"),
  };
  return { terms: [{ loss: "hausdorff-erosion", settings }], activation: "none" };
};

/** Their losses that measure distances. */
export const DISTANCES: Readonly<Record<string, PeerMapping>> = {
  BDLoss: boundaryLoss,
  DC_and_BD_loss: diceAndBoundary,
  DistBinaryDiceLoss: distanceDice,
  HausdorffDTLoss: hausdorffDistance,
  HausdorffERLoss: hausdorffErosion,
};
