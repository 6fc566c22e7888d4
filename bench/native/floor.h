// The bytes that a loss with sums, or a count of labels, must move, and nothing else: how fast this machine moves them.

#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>

// Pass 1 of value and gradient: reads two arrays of n floats. Gives their sum, so that nothing is optimised away.
double read_two(const float *x, const float *y, size_t n, int threads);
// Pass 2: reads two arrays and writes a third.
void triad(const float *x, const float *y, float *g, size_t n, int threads);
// Bytes instead of floats as targets.
double read_float_and_byte(const float *x, const unsigned char *y, size_t n, int threads);
// Two label maps of n bytes, read once and in words, one thread.
double read_bytes(const void *x, const void *y, size_t n);

#endif
