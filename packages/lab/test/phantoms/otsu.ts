// Otsu's threshold (IEEE Transactions on Systems, Man, and Cybernetics 1979) of an 8-bit image.

/** The grey value that splits the histogram with the largest variance between the two parts. */
export function otsuThreshold(image: Uint8Array): number {
  const histogram = new Float64Array(256);
  for (const grey of image) histogram[grey]++;
  const total = histogram.reduce((sum, count, grey) => sum + grey * count, 0);
  let [best, threshold, count, sum] = [-1, 0, 0, 0];
  for (let grey = 0; grey < 255; grey++) {
    count += histogram[grey];
    sum += grey * histogram[grey];
    if (count === 0 || count === image.length) continue;
    const low = sum / count;
    const high = (total - sum) / (image.length - count);
    const between = count * (image.length - count) * (low - high) ** 2;
    if (between > best) [best, threshold] = [between, grey];
  }
  return threshold;
}
