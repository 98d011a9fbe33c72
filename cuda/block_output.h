// The end of a block on CUDA: batch norm, activation, drop-path (arXiv 1603.09382) and residual in one pass over the raw
// map y of the last convolution, and the way back.
//
//   out = act(y * scale + offset) * keep + x * x_scale + x_offset
//   d = out_gradient * keep * act'(y * scale + offset)   the gradient of what the batch norm put out
//   sums of d and d * (y - mean) a channel               for that batch norm's own way back (norm_finish.h)
//
// Storage float or bfloat16, everything computed in float. The sums are those of d as it is stored, or would be.
#pragma once

#include "cuda/row_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct BlockOutputForward {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const void* y = nullptr;                          // (N, P, C), maps at multiples of 16 bytes
  const float *scale = nullptr, *offset = nullptr;  // (C)
  kernels::Activation activation = kernels::Activation::kIdentity;
  const float* keep = nullptr;                          // (N): 0 or 1 / the probability to be kept; null: 1
  const void* x = nullptr;                              // (N, P, C) or null: no residual
  const float *x_scale = nullptr, *x_offset = nullptr;  // (C), both null: x is taken as it is
  void* out = nullptr;                                  // (N, P, C), written
};

struct BlockOutputBackward {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const void* out_gradient = nullptr;               // (N, P, C)
  const void* y = nullptr;                          // (N, P, C)
  const float *scale = nullptr, *offset = nullptr;  // (C)
  kernels::Activation activation = kernels::Activation::kIdentity;
  const float* keep = nullptr;  // (N) or null: 1
  const float* mean = nullptr;  // (C) of y
  void* y_gradient = nullptr;   // d, (N, P, C); null: not wanted, as where it is out_gradient itself
  float* sums = nullptr;        // (output_parts, 2, C), written
};

Index output_parts(const RowShape& shape, Storage storage);  // rows of `sums`

// Pointers are asked only whether they are null; flops are those of batch norm and sums, without the activation's.
BytesModel bytes_of(const BlockOutputForward& work);
BytesModel bytes_of(const BlockOutputBackward& work);
double flops_of(const BlockOutputForward& work);
double flops_of(const BlockOutputBackward& work);

// Throw std::invalid_argument for shapes that there is no kernel for (row_plan.h), std::runtime_error where the launch
// fails. Return without waiting.
void block_output_forward(const BlockOutputForward& work, Stream stream);
void block_output_backward(const BlockOutputBackward& work, Stream stream);

}  // namespace effnet::cuda
