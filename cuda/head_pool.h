// The mean over the map before the classifier on CUDA, with the batch norm and activation of the last convolution's raw
// map y on the way, and the way back.
//
//   pooled = sum over the picture of act(y * scale + offset) / P
//   d = pooled_gradient / P * act'(y * scale + offset)   the gradient of what the batch norm put out
//   sums of d and d * (y - mean) a channel               for that batch norm's own way back (norm_finish.h)
//
// Storage float or bfloat16, everything computed in float. The sums are those of d as it is stored.
#pragma once

#include "cuda/row_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct HeadPoolForward {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const void* y = nullptr;                          // (N, P, C), maps at multiples of 16 bytes
  const float *scale = nullptr, *offset = nullptr;  // (C), both null: y is a finished map
  kernels::Activation activation = kernels::Activation::kIdentity;
  float* pooled = nullptr;  // (N, C), written
};

struct HeadPoolBackward {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const float* pooled_gradient = nullptr;           // (N, C)
  const void* y = nullptr;                          // (N, P, C)
  const float *scale = nullptr, *offset = nullptr;  // (C)
  kernels::Activation activation = kernels::Activation::kIdentity;
  const float* mean = nullptr;  // (C) of y
  void* y_gradient = nullptr;   // d, (N, P, C), written
  float* sums = nullptr;        // (head_parts, 2, C), written
};

Index head_parts(const RowShape& shape, Storage storage);  // rows of `sums`

// Pointers are not followed; flops are those of batch norm and sums, without the activation's.
BytesModel bytes_of(const HeadPoolForward& work);
BytesModel bytes_of(const HeadPoolBackward& work);
double flops_of(const HeadPoolForward& work);
double flops_of(const HeadPoolBackward& work);

// Throw std::invalid_argument for shapes that there is no kernel for (row_plan.h), std::runtime_error where the launch
// fails. Return without waiting.
void head_pool_forward(const HeadPoolForward& work, Stream stream);
void head_pool_backward(const HeadPoolBackward& work, Stream stream);

}  // namespace effnet::cuda
