// The losses in C, value and gradient, as a C programmer would write them for one machine.

#ifndef LOSSES_H
#define LOSSES_H

#include <stddef.h>
#include <stdint.h>

// x, y: n logits and targets. g: n, written. Each gives the value.
double bce_dice(const float *x, const float *y, float *g, size_t n);
double focal_tversky(const float *x, const float *y, float *g, size_t n);
// x: classes x n, channels first; labels: n class indices.
double ce_dice(const float *x, const uint8_t *labels, float *g, size_t n, int classes);
double lovasz_hinge(const float *x, const float *y, float *g, size_t n);

#endif
