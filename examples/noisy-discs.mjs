// Images for the examples that train: discs under noise, the same in every run.

let state = 1;

/** A number from 0 to 1 that looks random: a linear congruential generator with the constants of Numerical Recipes. */
export function uniform() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Images with a disc each, and their masks; both `[images, side, side]`, flat. */
export function drawDiscs(images, side) {
  const mask = new Uint8Array(images * side * side);
  const pixels = new Float32Array(mask.length);
  const discs = Array.from({ length: images }, () => [12 + 40 * uniform(), 12 + 40 * uniform()]);
  for (let i = 0; i < mask.length; i++) {
    const [cy, cx] = discs[Math.floor(i / side ** 2)];
    mask[i] = Number(Math.hypot((Math.floor(i / side) % side) - cy, (i % side) - cx) < 9);
    pixels[i] = mask[i] + 2 * (uniform() + uniform() - 1);
  }
  return { images: pixels, mask };
}
