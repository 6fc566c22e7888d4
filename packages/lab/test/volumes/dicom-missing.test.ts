// A DICOM file where dcmjs, which is optional, is not installed.

import { expect, test, vi } from "vitest";
import { readDicomSegmentation } from "../../src/volumes/dicom-seg.js";
import { makeSeg } from "./dicom-file.js";

vi.mock("dcmjs", () => {
  throw new Error("Cannot find package 'dcmjs'");
});

test("the error says what to install", async () => {
  const seg = makeSeg({ rows: 1, columns: 1, frames: [{ position: [0, 0, 0], pixels: [1] }] });
  await expect(readDicomSegmentation(seg, "s.dcm")).rejects.toMatchObject({
    code: "UNREADABLE_FILE",
    message: "s.dcm is DICOM, which needs one more package: npm install dcmjs",
  });
});
