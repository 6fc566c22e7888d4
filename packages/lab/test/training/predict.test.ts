import fc from "fast-check";
import { expect, it } from "vitest";
import { tileStarts } from "../../src/training/predict.js";

it("covers every extent with tiles that lie inside and share half their edge", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 16 }), (extent, eighths) => {
      const crop = 8 * eighths;
      const starts = tileStarts(extent, crop);
      if (extent <= crop) {
        expect(starts).toHaveLength(1);
        // The image in the middle: as much before it as behind, or one less.
        const behind = crop - extent + starts[0];
        expect([0, 1]).toContain(behind + starts[0]);
        return;
      }
      expect(starts[0]).toBe(0);
      expect(starts[starts.length - 1]).toBe(extent - crop);
      for (let i = 1; i < starts.length; i++) {
        expect(starts[i] - starts[i - 1]).toBeGreaterThan(0);
        // Half an edge, and one pixel of rounding.
        expect(starts[i] - starts[i - 1]).toBeLessThanOrEqual(crop / 2 + 1);
      }
    }),
  );
});
