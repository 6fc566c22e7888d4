// Sums in float32 within blocks, so that the compiler can vectorise them, and in float64 over blocks, so that they stay right.

#include "losses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096
#define SMOOTH 1.0

static inline size_t block_end(size_t start, size_t n) { return start + BLOCK < n ? start + BLOCK : n; }

double bce_dice(const float *restrict x, const float *restrict y, float *restrict g, size_t n) {
  double overlap = 0, predicted = 0, labelled = 0, entropy = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    float o = 0, p_sum = 0, y_sum = 0, h = 0;
    for (size_t i = start; i < block_end(start, n); i++) {
      float e = expf(-fabsf(x[i]));
      float p = (x[i] < 0 ? e : 1.0f) / (1.0f + e);
      o += p * y[i];
      p_sum += p;
      y_sum += y[i];
      h += fmaxf(x[i], 0.0f) - x[i] * y[i] + logf(1.0f + e);
    }
    overlap += o, predicted += p_sum, labelled += y_sum, entropy += h;
  }
  double top = 2 * overlap + SMOOTH, bottom = predicted + labelled + SMOOTH;
  float mean = 1.0 / n, background = top / (bottom * bottom), foreground = background - 2 / bottom;
  for (size_t i = 0; i < n; i++) {
    float p = 1.0f / (1.0f + expf(-x[i]));
    g[i] = (p - y[i]) * mean + (background + (foreground - background) * y[i]) * p * (1.0f - p);
  }
  return entropy / n + 1 - top / bottom;
}

double focal_tversky(const float *restrict x, const float *restrict y, float *restrict g, size_t n) {
  const double alpha = 0.7, beta = 0.3, exponent = 0.75;
  double true_positives = 0, predicted = 0, labelled = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    float t = 0, p_sum = 0, y_sum = 0;
    for (size_t i = start; i < block_end(start, n); i++) {
      float p = 1.0f / (1.0f + expf(-x[i]));
      t += p * y[i];
      p_sum += p;
      y_sum += y[i];
    }
    true_positives += t, predicted += p_sum, labelled += y_sum;
  }
  double top = true_positives + SMOOTH;
  double bottom = top + alpha * (labelled - true_positives) + beta * (predicted - true_positives);
  double index = top / bottom;
  double outer = exponent * pow(1 - index, exponent - 1) / bottom;
  float foreground = -outer * (1 - index * (1 - alpha)), background = outer * index * beta;
  for (size_t i = 0; i < n; i++) {
    float p = 1.0f / (1.0f + expf(-x[i]));
    g[i] = (background + (foreground - background) * y[i]) * p * (1.0f - p);
  }
  return pow(1 - index, exponent);
}

// Voxels at a time: their exponentials for all classes stay in the first-level cache.
#define TILE 256

// Softmax of a tile into p: classes rows of TILE. Adds the cross entropy of the tile to *entropy where that is given.
static inline void softmax_tile(const float *restrict x, const uint8_t *restrict labels, size_t n, int count, int classes, float *restrict p, double *entropy) {
  float largest[TILE], sum[TILE];
  for (int i = 0; i < count; i++) largest[i] = x[i], sum[i] = 0;
  for (int c = 1; c < classes; c++) {
    const float *restrict row = x + c * n;
    for (int i = 0; i < count; i++) largest[i] = row[i] > largest[i] ? row[i] : largest[i];
  }
  for (int c = 0; c < classes; c++) {
    const float *restrict row = x + c * n;
    float *restrict e = p + c * TILE;
    for (int i = 0; i < count; i++) {
      e[i] = expf(row[i] - largest[i]);
      sum[i] += e[i];
    }
  }
  if (entropy) {
    float h = 0;
    for (int i = 0; i < count; i++) h += logf(sum[i]) + largest[i];
    for (int i = 0; i < count; i++) h -= x[labels[i] * n + i];
    *entropy += h;
  }
  for (int i = 0; i < count; i++) sum[i] = 1.0f / sum[i];
  for (int c = 0; c < classes; c++) {
    float *restrict e = p + c * TILE;
    for (int i = 0; i < count; i++) e[i] *= sum[i];
  }
}

double ce_dice(const float *restrict x, const uint8_t *restrict labels, float *restrict g, size_t n, int classes) {
  double overlap[256] = {0}, predicted[256] = {0}, labelled[256] = {0}, entropy = 0;
  float *restrict p = malloc(sizeof(float) * TILE * classes);
  for (size_t start = 0; start < n; start += TILE) {
    int count = n - start < TILE ? n - start : TILE;
    const uint8_t *restrict label = labels + start;
    softmax_tile(x + start, label, n, count, classes, p, &entropy);
    for (int c = 0; c < classes; c++) {
      const float *restrict row = p + c * TILE;
      float o = 0, p_sum = 0, y_sum = 0;
      for (int i = 0; i < count; i++) {
        float y = label[i] == c ? 1.0f : 0.0f;
        o += y * row[i];
        p_sum += row[i];
        y_sum += y;
      }
      overlap[c] += o, predicted[c] += p_sum, labelled[c] += y_sum;
    }
  }
  double value = entropy / n;
  float otherwise[256], when_label[256], mean = 1.0 / n;
  for (int c = 0; c < classes; c++) {
    double top = 2 * overlap[c] + SMOOTH, bottom = predicted[c] + labelled[c] + SMOOTH;
    value += (1 - top / bottom) / classes;
    otherwise[c] = top / (bottom * bottom * classes);
    when_label[c] = otherwise[c] - 2 / (bottom * classes);
  }
  for (size_t start = 0; start < n; start += TILE) {
    int count = n - start < TILE ? n - start : TILE;
    const uint8_t *restrict label = labels + start;
    float weighted[TILE] = {0};
    softmax_tile(x + start, label, n, count, classes, p, NULL);
    for (int c = 0; c < classes; c++) {
      const float *restrict row = p + c * TILE;
      float on = when_label[c], off = otherwise[c];
      for (int i = 0; i < count; i++) weighted[i] += row[i] * (label[i] == c ? on : off);
    }
    for (int c = 0; c < classes; c++) {
      const float *restrict row = p + c * TILE;
      float *restrict out = g + c * n + start;
      float on = when_label[c], off = otherwise[c];
      for (int i = 0; i < count; i++) {
        float y = label[i] == c ? 1.0f : 0.0f;
        out[i] = (row[i] - y) * mean + row[i] * (off + (on - off) * y - weighted[i]);
      }
    }
  }
  free(p);
  return value;
}

// Least significant digit first, 11 bits at a time; 31 bits of a positive float are 3 digits. Ascending.
static uint64_t *radix_sort(uint64_t *keys, uint64_t *spare, size_t n) {
  for (int shift = 32; shift < 64; shift += 11) {
    size_t starts[2048] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) starts[(keys[i] >> shift) & 2047]++;
    for (int digit = 0; digit < 2048; digit++) {
      size_t count = starts[digit];
      starts[digit] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; i++) spare[starts[(keys[i] >> shift) & 2047]++] = keys[i];
    uint64_t *swap = keys;
    keys = spare, spare = swap;
  }
  return keys;
}

double lovasz_hinge(const float *restrict x, const float *restrict y, float *restrict g, size_t n) {
  // Made once: a first touch of fresh pages would cost more than the sort.
  static uint64_t *buffer;
  static size_t held;
  if (held < n) buffer = realloc(buffer, 2 * n * sizeof(uint64_t)), held = n;
  double intersection = 0, joined, value = 0, reached = 0;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    float error = 1.0f - (2.0f * y[i] - 1.0f) * x[i];
    uint32_t bits;
    memcpy(&bits, &error, sizeof bits);
    buffer[kept] = (uint64_t)bits << 32 | i;
    kept += error > 0;
    intersection += y[i];
    g[i] = 0;
  }
  joined = intersection;
  uint64_t *sorted = radix_sort(buffer, buffer + n, kept);
  for (size_t k = kept; k-- > 0;) {
    uint32_t i = (uint32_t)sorted[k], bits = sorted[k] >> 32;
    float error;
    memcpy(&error, &bits, sizeof error);
    int foreground = y[i] > 0.5f;
    if (foreground) intersection--;
    else joined++;
    double jaccard = 1 - intersection / joined, step = jaccard - reached;
    value += error * step;
    g[i] = foreground ? -step : step;
    reached = jaccard;
  }
  return value;
}
