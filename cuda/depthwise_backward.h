// The way back through depthwise_forward.h on CUDA, both gradients in one pass over the maps:
//
//   dy = a * d + b * y + c                       back through the batch norm behind y; d is the gradient of its result
//   z = x * scale + offset,  x1 = act(z)         worked out again
//   weight gradient[i][j] = sum of dy * x1 under the tap
//   d1 = depthwise^T(dy) * act'(z) + addend      the gradient of z: of what the batch norm before x put out
//   sums of d1 and d1 * (x - mean) a channel     for that batch norm's own way back (norm_finish.h)
//
// Behind squeeze-and-excite d is not known as a map; then it is made here from what pointwise_backward.h and se_layers.h
// leave, g and for each picture gate and p:
//
//   d = (gate * g + p) * act'(y * y_scale + y_offset)
//
// The sums are those of d1 as it is stored.
#pragma once

#include "cuda/depthwise_plan.h"
#include "cuda/storage.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct DepthwiseBackward {
  DepthwiseShape shape;
  Storage storage = Storage::kFloat;
  const void* y_gradient = nullptr;                       // d, or with gate g, (N, H', W', C)
  const void* y = nullptr;                                // (N, H', W', C); null: dy is d
  const float *a = nullptr, *b = nullptr, *c = nullptr;   // (C), null without y
  const float *gate = nullptr, *mean_gradient = nullptr;  // gate and p (N, C); null: y_gradient is d
  const float *y_scale = nullptr, *y_offset = nullptr;    // (C), with gate
  kernels::Activation y_activation = kernels::Activation::kIdentity;  // with gate
  const void* x = nullptr;                                            // (N, H, W, C)
  const float *scale = nullptr, *offset = nullptr;                    // (C), both null: x1 is x and act' is 1
  kernels::Activation activation = kernels::Activation::kIdentity;    // only with scale
  const float* mean = nullptr;                                        // (C) of x, only with sums
  const float* weights = nullptr;                                     // (C, k, k)
  const void* addend = nullptr;                                       // (N, H, W, C) or null
  void* x_gradient = nullptr;                                         // d1, (N, H, W, C), written
  float* sums = nullptr;             // (gradient_parts, 2, C), written; null: not wanted
  float* weight_parts = nullptr;     // (gradient_parts, k * k, C), memory to work in
  float* weight_gradient = nullptr;  // (C, k, k), written
};

// Rows of `sums` and `weight_parts`.
Index gradient_parts(const DepthwiseShape& shape);

BytesModel bytes_of(const DepthwiseBackward& work);  // pointers are asked only whether they are null
double flops_of(const DepthwiseBackward& work);      // products alone: both gradients

// Throws and returns as depthwise_forward does.
void depthwise_backward(const DepthwiseBackward& work, Stream stream);

}  // namespace effnet::cuda
