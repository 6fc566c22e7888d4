// Options of objects and boundaries: what they mean, and which are refused.

import { describe, expect, test } from "vitest";
import { type EvaluateArgs, readEvaluateOptions } from "../../src/cli/evaluate-options.js";
import { LabError } from "../../src/errors.js";

const read = (args: Record<string, string>) => {
  const { objects, boundary } = readEvaluateOptions({ _: [], ...args } as unknown as EvaluateArgs);
  return { objects, boundary };
};
const refusal = (args: Record<string, string>): string => {
  try {
    read(args);
  } catch (error) {
    if (error instanceof LabError && error.code === "USAGE") return error.message;
    throw error;
  }
  return "";
};

describe("options of objects and boundaries", () => {
  test.each([
    [{}, undefined, undefined],
    [{ metrics: "pq" }, { matching: "iou-above", threshold: 0.5, connectivity: "full" }, undefined],
    [
      { metrics: "lesion-sensitivity", matching: "any-overlap", connectivity: "faces" },
      { matching: "any-overlap", connectivity: "faces" },
      undefined,
    ],
    [
      { metrics: "pq", matching: "greedy-iou", "match-iou": "0.1" },
      { matching: "greedy-iou", threshold: 0.1, connectivity: "full" },
      undefined,
    ],
    // A limit asks for its metric.
    [
      { "fail-over": "falsePositiveObjects=2", "match-iou": "0.7" },
      { matching: "iou-above", threshold: 0.7 },
      undefined,
    ],
    [{ metrics: "boundaryIou" }, undefined, { share: 0.02 }],
    [{ metrics: "boundaryIou", "boundary-width": "1.5%" }, undefined, { share: 0.015 }],
    [{ metrics: "boundaryIou", "boundary-width": "4" }, undefined, { distance: 4 }],
  ])("%j", (args, objects, boundary) => {
    const options = read(args as Record<string, string>);
    if (objects === undefined) expect(options.objects).toBeUndefined();
    else expect(options.objects).toMatchObject(objects);
    expect(options.boundary).toEqual(boundary);
  });

  test.each([
    [{ matching: "any-overlap" }, "--matching is for metrics of objects"],
    [{ "match-iou": "0.5" }, "--match-iou is for metrics of objects"],
    [{ connectivity: "full" }, "--connectivity is for metrics of objects"],
    [{ "boundary-width": "3" }, "--boundary-width is for boundary IoU"],
    [{ metrics: "pq", matching: "best" }, '--matching is "best"; it is one of iou-above, greedy-iou, any-overlap'],
    [{ metrics: "pq", connectivity: "corners" }, '--connectivity is "corners"'],
    [{ metrics: "pq", "match-iou": "0.3" }, "with iou-above it is an IoU from 0.5 to below 1"],
    [{ metrics: "pq", "match-iou": "1", matching: "greedy-iou" }, "from 0 to below 1"],
    [{ metrics: "pq", "match-iou": "x" }, '--match-iou is "x"'],
    [{ metrics: "detectionF1", "match-iou": "0.5", matching: "any-overlap" }, "has no meaning with"],
    [{ metrics: "detectionF1,sq", matching: "any-overlap" }, "segmentationQuality needs matches one to one"],
    ...["0", "1.5", "0%", "101%", "-1", "two", "%", "1e2"].map((width): [Record<string, string>, string] => [
      { metrics: "boundaryIou", "boundary-width": width },
      `--boundary-width is "${width}"`,
    ]),
  ])("refuses %j", (args, message) => {
    expect(refusal(args as Record<string, string>)).toContain(message);
  });
});
