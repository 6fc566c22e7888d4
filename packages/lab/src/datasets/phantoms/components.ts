// Connected components of a 2D mask, 8-connected, as the statistics of the public sets count them.

export interface Components {
  /** Number of the component each pixel belongs to, from 1; 0 outside the mask. */
  readonly numbers: Int32Array;
  /** Pixels of each component, in the order of their numbers. */
  readonly members: readonly (readonly number[])[];
}

export function connectedComponents(mask: ArrayLike<number>, height: number, width: number): Components {
  const numbers = new Int32Array(height * width);
  const members: number[][] = [];
  for (let start = 0; start < numbers.length; start++) {
    if (!mask[start] || numbers[start]) continue;
    const pixels = [start];
    numbers[start] = members.length + 1;
    for (let next = 0; next < pixels.length; next++) {
      const y = Math.floor(pixels[next] / width);
      const x = pixels[next] % width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const at = ny * width + nx;
          if (!mask[at] || numbers[at]) continue;
          numbers[at] = members.length + 1;
          pixels.push(at);
        }
      }
    }
    members.push(pixels);
  }
  return { numbers, members };
}

/** 1 for every pixel at most `radius` pixels (straight distance) from the mask, the mask included. */
export function dilate(mask: ArrayLike<number>, height: number, width: number, radius: number): Uint8Array {
  const grown = new Uint8Array(height * width);
  const reach = Math.floor(radius);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      for (let dy = -reach; dy <= reach; dy++) {
        const ny = y + dy;
        if (ny < 0 || ny >= height) continue;
        const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
        grown.fill(1, ny * width + Math.max(0, x - half), ny * width + Math.min(width - 1, x + half) + 1);
      }
    }
  }
  return grown;
}
