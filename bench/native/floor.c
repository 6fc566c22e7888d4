// Plain loops over slices, one slice a thread; threads are made per call, which costs some 20 µs against milliseconds.

#include "floor.h"

#include <pthread.h>
#include <stdint.h>

#define MAX_THREADS 64

struct slice {
  const float *x;
  const void *y;
  float *g;
  size_t n;
  double sum;
};

static void *read_two_slice(void *argument) {
  struct slice *s = argument;
  const float *restrict x = s->x, *restrict y = s->y;
  float sum = 0;
  for (size_t i = 0; i < s->n; i++) sum += x[i] + y[i];
  s->sum = sum;
  return NULL;
}

static void *read_float_and_byte_slice(void *argument) {
  struct slice *s = argument;
  const float *restrict x = s->x;
  const unsigned char *restrict y = s->y;
  float sum = 0;
  for (size_t i = 0; i < s->n; i++) sum += x[i] + y[i];
  s->sum = sum;
  return NULL;
}

static void *triad_slice(void *argument) {
  struct slice *s = argument;
  const float *restrict x = s->x, *restrict y = s->y;
  float *restrict g = s->g;
  for (size_t i = 0; i < s->n; i++) g[i] = x[i] + 0.5f * y[i];
  return NULL;
}

static double in_slices(void *(*work)(void *), const float *x, const void *y, size_t y_size, float *g, size_t n, int threads) {
  struct slice slices[MAX_THREADS];
  pthread_t workers[MAX_THREADS];
  double sum = 0;
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  for (int t = 0; t < threads; t++) {
    size_t from = n * t / threads, to = n * (t + 1) / threads;
    slices[t] = (struct slice){x + from, (const char *)y + from * y_size, g ? g + from : NULL, to - from, 0};
    if (t > 0) pthread_create(&workers[t], NULL, work, &slices[t]);
  }
  work(&slices[0]);
  for (int t = 0; t < threads; t++) {
    if (t > 0) pthread_join(workers[t], NULL);
    sum += slices[t].sum;
  }
  return sum;
}

double read_two(const float *x, const float *y, size_t n, int threads) {
  return in_slices(read_two_slice, x, y, sizeof(float), NULL, n, threads);
}

double read_float_and_byte(const float *x, const unsigned char *y, size_t n, int threads) {
  return in_slices(read_float_and_byte_slice, x, y, 1, NULL, n, threads);
}

double read_bytes(const void *x, const void *y, size_t n) {
  const uint64_t *restrict a = x, *restrict b = y;
  uint64_t sum = 0;
  for (size_t i = 0; i < n / sizeof *a; i++) sum += a[i] + b[i];
  return (double)sum;
}

void triad(const float *x, const float *y, float *g, size_t n, int threads) {
  in_slices(triad_slice, x, y, sizeof(float), g, n, threads);
}
