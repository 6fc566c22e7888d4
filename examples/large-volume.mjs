// The Dice loss of a volume that no memory holds: 4 gigavoxels, computed chunk by chunk in under 300 MB.
//
//   node large-volume.mjs [SIDE]     a cube of SIDE³ voxels; 1626 by default, 4.3 × 10⁹ of them: 17 GB of logits
//
// A chunk would come from a file or from a network that runs over the volume in tiles. Here it is made: a ball that a network
// has nearly found, 3 voxels off.

import { argv, resourceUsage, stderr, stdout } from "node:process";
import { allocate, dice, mergeSums } from "losskit";

const side = Number(argv[2] ?? 1626);
const voxels = side ** 3;
/** Voxels of a chunk: a multiple of 65,536. */
const CHUNK = 64 * 65536;

// Arrays in the library's memory are not copied, and several threads may work on them.
const logits = allocate(CHUNK);
const labels = allocate(CHUNK, "uint8");

/** Fills the arrays with voxels from `offset` on. */
function read(offset, length) {
  const radius = (side / 4) ** 2;
  const centre = side / 2;
  let x = offset % side;
  let y = Math.floor(offset / side) % side;
  let z = Math.floor(offset / side ** 2);
  for (let i = 0; i < length; i++) {
    const away = (y - centre) ** 2 + (z - centre) ** 2;
    labels[i] = (x - centre) ** 2 + away < radius ? 1 : 0;
    logits[i] = (radius - (x - centre - 3) ** 2 - away) / side;
    if (++x === side) {
      x = 0;
      if (++y === side) {
        y = 0;
        z++;
      }
    }
  }
}

const loss = dice();
const parts = [];
const start = performance.now();
let computing = 0;
for (let offset = 0; offset < voxels; offset += CHUNK) {
  const length = Math.min(CHUNK, voxels - offset);
  read(offset, length);
  const before = performance.now();
  parts.push(loss.sums({ logits: logits.subarray(0, length), target: labels.subarray(0, length), offset }));
  computing += performance.now() - before;
  if (stderr.isTTY) stderr.write(`\r${Math.round((100 * (offset + length)) / voxels)} %`);
}
const { value, coefficients } = loss.finish(mergeSums(...parts));
if (stderr.isTTY) stderr.write("\r");

const seconds = (milliseconds) => (milliseconds / 1000).toFixed(1);
stdout.write(
  [
    `Dice loss of ${side}³ = ${(voxels / 1e9).toFixed(2)} gigavoxels: ${value}`,
    `${seconds(computing)} s for the sums, ${seconds(performance.now() - start)} s with the making of the volume`,
    `${Math.round(resourceUsage().maxRSS / 1024)} MB of memory at most`,
    `The gradient of any chunk now is loss.gradient(chunk, coefficients), from ${coefficients.groups.length} numbers.`,
    "",
  ].join("\n"),
);
