import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import {
  type CasePicture,
  ERROR_COLOURS,
  errorKind,
  LONGEST_SIDE,
  OPACITY,
  paintErrors,
  paintImage,
  pngUri,
  shownSize,
} from "../../src/report/case-picture.js";

function picture(change: Partial<CasePicture> & { width: number; height: number }): CasePicture {
  const size = change.width * change.height;
  return {
    loss: "dice",
    case: "a",
    class: "lesion",
    kind: "worst",
    dice: 0.5,
    seed: 1,
    channels: 1,
    image: new Float32Array(size),
    reference: new Uint8Array(size),
    prediction: new Uint8Array(size),
    ...change,
  };
}

const rgba = (kind: keyof typeof ERROR_COLOURS) => [...ERROR_COLOURS[kind].colour, OPACITY];
const pixel = (data: Uint8Array, i: number) => [...data.subarray(4 * i, 4 * i + 4)];

it("tells right from wrong", () => {
  expect(errorKind(0, 0)).toBeUndefined();
  expect(errorKind(2, 2)).toBe("right");
  expect(errorKind(0, 1)).toBe("falsePositive");
  expect(errorKind(1, 0)).toBe("falseNegative");
  expect(errorKind(1, 2)).toBe("otherClass");
});

describe("the colours over the image", () => {
  const reference = Uint8Array.of(0, 1, 0, 1, 1, 0);
  const prediction = Uint8Array.of(0, 1, 1, 0, 2, 1);

  it("show each kind, and nothing outside the region of interest", () => {
    const regionOfInterest = Uint8Array.of(1, 1, 1, 1, 1, 0);
    const { data, channels } = paintErrors(picture({ width: 3, height: 2, reference, prediction, regionOfInterest }));
    expect(channels).toBe(4);
    expect([0, 1, 2, 3, 4, 5].map((i) => pixel(data, i))).toEqual([
      [0, 0, 0, 0],
      rgba("right"),
      rgba("falsePositive"),
      rgba("falseNegative"),
      rgba("otherClass"),
      [0, 0, 0, 0],
    ]);
  });

  it("keep one missed pixel of a large image in sight", () => {
    const large = picture({ width: 2 * LONGEST_SIDE, height: LONGEST_SIDE });
    large.reference[2 * LONGEST_SIDE * 101 + 301] = 1;
    const { data, width, height } = paintErrors(large);
    expect([width, height]).toEqual([LONGEST_SIDE, LONGEST_SIDE / 2]);
    expect(pixel(data, width * 50 + 150)).toEqual(rgba("falseNegative"));
    expect(data.filter((value) => value > 0)).toHaveLength(4);
  });

  it("shrink to the kind that most marked pixels have", () => {
    const large = picture({ width: 2 * LONGEST_SIDE, height: 2 });
    large.reference.set([1, 1], 0);
    large.prediction.set([1, 1], 0);
    large.prediction[2 * LONGEST_SIDE] = 1;
    expect(pixel(paintErrors(large).data, 0)).toEqual(rgba("right"));
  });
});

describe("the image", () => {
  it("is black at its lowest and white at its highest intensity", () => {
    const { data } = paintImage(picture({ width: 3, height: 1, image: Float32Array.of(-2, 0, 2) }));
    expect([...data]).toEqual([0, 128, 255]);
  });

  it("is not darkened by one hot pixel", () => {
    const image = Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1e6 : i % 2));
    const { data } = paintImage(picture({ width: 1000 > LONGEST_SIDE ? 500 : 1000, height: 2, image }));
    expect(data[1]).toBe(255);
    expect(data[2]).toBe(0);
  });

  it("is grey where all pixels are alike", () => {
    expect([...paintImage(picture({ width: 2, height: 2, image: new Float32Array(4).fill(7) })).data]).toEqual(
      Array(4).fill(128),
    );
  });

  it("is dark outside the region of interest", () => {
    const image = Float32Array.of(0, 1, 1);
    const { data } = paintImage(picture({ width: 3, height: 1, image, regionOfInterest: Uint8Array.of(1, 1, 0) }));
    expect(data[1]).toBe(255);
    expect(data[2]).toBeLessThan(100);
  });

  it("is the grey of its three channels", () => {
    // Red, green, blue, in planes: green is brightest, blue darkest.
    const image = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    const { data, channels } = paintImage(picture({ width: 3, height: 1, channels: 3, image }));
    expect(channels).toBe(1);
    expect(data[1]).toBe(255);
    expect(data[2]).toBe(0);
    // (0.299 - 0.114) / (0.587 - 0.114)
    expect(data[0]).toBe(Math.round(255 * 0.39112));
  });

  it("shrinks by averaging, also by a factor that is not whole", () => {
    const width = Math.round(1.6 * LONGEST_SIDE);
    const image = Float32Array.from({ length: width * 10 }, (_, i) => Math.floor(i / width) % 2);
    const shown = paintImage(picture({ width, height: 10, image }));
    expect([shown.width, shown.height]).toEqual([LONGEST_SIDE, 6]);
    expect(shown.data).toHaveLength(6 * LONGEST_SIDE);
    const mean = shown.data.reduce((sum, value) => sum + value, 0) / shown.data.length;
    expect(mean).toBeGreaterThan(100);
    expect(mean).toBeLessThan(155);
  });
});

it.each([
  [1, 1],
  [1, 5000],
  [5000, 1],
  [640, 640],
  [641, 640],
  [4288, 2848],
])("fits %i by %i into the page", (width, height) => {
  const shown = shownSize({ width, height });
  expect(Math.max(shown.width, shown.height)).toBeLessThanOrEqual(LONGEST_SIDE);
  expect(Math.min(shown.width, shown.height)).toBeGreaterThanOrEqual(1);
  expect(shown.scale === 1).toBe(Math.max(width, height) <= LONGEST_SIDE);
});

it("becomes a PNG that decodes to the same pixels", () => {
  const pixels = paintErrors(
    picture({ width: 2, height: 1, reference: Uint8Array.of(1, 0), prediction: Uint8Array.of(0, 1) }),
  );
  const uri = pngUri(pixels);
  expect(uri.startsWith("data:image/png;base64,")).toBe(true);
  const decoded = decode(Buffer.from(uri.split(",")[1], "base64"));
  expect([decoded.width, decoded.height, decoded.channels, [...decoded.data]]).toEqual([2, 1, 4, [...pixels.data]]);
});

/** Linear RGB as seen without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1). */
const VISION: Readonly<Record<string, readonly (readonly number[])[]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* (D65) of linear RGB. */
function lab([r, g, b]: readonly number[]): number[] {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each(Object.keys(VISION))("with %s", (vision) => {
  it.each([20, 120, 220])("the kinds and bare image differ over a grey of %i", (grey) => {
    const share = OPACITY / 255;
    const seen = [
      ...Object.values(ERROR_COLOURS).map(({ colour }) => colour.map((c) => share * c + (1 - share) * grey)),
      [grey, grey, grey],
    ].map((rgb) => {
      const linear = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return lab(
        VISION[vision].map((row) =>
          Math.min(1, Math.max(0, row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2])),
        ),
      );
    });
    const distances = seen.flatMap((a, i) => seen.slice(i + 1).map((b) => Math.hypot(...a.map((v, k) => v - b[k]))));
    // A difference of 2.3 is just noticeable; patches side by side are told apart at a glance from about 10 on.
    expect(Math.min(...distances)).toBeGreaterThan(10);
  });
});
