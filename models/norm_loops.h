// Batch norm and activation as one operator on the CPU, torch-free. x is (M, C), M = N * H * W rows of a channels_last
// map; z = scale * x + offset a channel, y = act(z). LibTorch makes seven passes over the map for a training step of
// the pair, these loops five, and nothing but x is kept for the backward pass.
//
//   forward   sums of x - shift and its square -> statistics;  y = act(z)
//   backward  d = dy * act'(z), sums of d and d * (x - mean);  dx = a * d + b * (x - mean) + c
//
// All loops run over a range of rows, so that a caller can spread fixed ranges over threads; sums are collected in
// float over a few rows and then in double.
#pragma once

#include <cstdint>

#include "spec/arch_spec.h"

namespace effnet::models {

struct Rows {
  std::int64_t first = 0, last = 0;  // rows first .. last - 1
  std::int64_t channels = 0;
};

// sum[c] += x - shift[c], square[c] += (x - shift[c])^2.
void add_channel_sums(Rows rows, const float* x, const float* shift, double* sum, double* square);

void normalize_and_activate(Rows rows, const float* x, const float* scale, const float* offset,
                            spec::Activation activation, float* y);

struct ActivationGradient {
  const float *x, *y_gradient;         // (M, C)
  const float *scale, *offset, *mean;  // (C)
  float* z_gradient;                   // (M, C), written
  double *sum, *product;               // (C), added to: d and d * (x - mean)
};
void activation_gradient(Rows rows, const ActivationGradient& of, spec::Activation activation);

// gradient[m][c] = a[c] * gradient[m][c] + b[c] * (x[m][c] - mean[c]) + c[c], in place.
struct NormGradient {
  const float *x, *mean, *a, *b, *c;
  float* gradient;
};
void norm_gradient(Rows rows, const NormGradient& of);

}  // namespace effnet::models
