// The depthwise convolution forward on CUDA, channels_last, with what surrounds it in a block in one pass over the maps:
//
//   y = depthwise(act(x * scale + offset)),  and the moments of y a channel for the batch norm behind it
//
// Storage float or bfloat16, everything computed in float; what lies outside of the map is 0. The moments are those of y
// as it is stored.
#pragma once

#include "cuda/depthwise_plan.h"
#include "cuda/storage.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct DepthwiseForward {
  DepthwiseShape shape;
  Storage storage = Storage::kFloat;
  const void* x = nullptr;                                          // (N, H, W, C)
  const float *scale = nullptr, *offset = nullptr;                  // (C), both null: x is taken as it is
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const float* weights = nullptr;                                   // (C, k, k)
  void* y = nullptr;                                                // (N, H', W', C)
  float* moments = nullptr;  // (moment_parts, 3, C): count, mean, squared deviations; null: not wanted
};

// Rows of `moments`; norm_finish.h joins them.
Index moment_parts(const DepthwiseShape& shape);

BytesModel bytes_of(const DepthwiseForward& work);  // pointers are asked only whether they are null
double flops_of(const DepthwiseForward& work);      // products alone

// Throws std::invalid_argument for shapes that there is no kernel for (depthwise_plan.h), std::runtime_error where the
// launch fails. Returns without waiting.
void depthwise_forward(const DepthwiseForward& work, Stream stream);

}  // namespace effnet::cuda
