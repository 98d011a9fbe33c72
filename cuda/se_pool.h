// The squeeze (arXiv 1709.01507) on CUDA: one pass over the raw depthwise map y with batch norm and activation on the way,
//
//   z = y * scale + offset
//   sums of act(z), act'(z), act'(z) * (y - mean)   a picture and channel
//
// The first makes the mean that the squeeze is; the other two are what the way back needs of this map (se_layers.h).
// Everything in float; the second stage is the reader's.
#pragma once

#include "cuda/row_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct SePool {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const void* y = nullptr;                          // (N, P, C), at multiples of 16 bytes
  const float *scale = nullptr, *offset = nullptr;  // (C)
  kernels::Activation activation = kernels::Activation::kIdentity;
  const float* mean = nullptr;  // (C) of y; null: the sums of act(z) alone are wanted
  float* sums = nullptr;        // (N, parts, 3 or 1, C), written
};

Index pool_parts(const RowShape& shape, Storage storage);  // of a picture
BytesModel bytes_of(const SePool& work);                   // pointers are asked only whether they are null
double flops_of(const SePool& work);                       // of batch norm and sums, without the activation's

// Throws std::invalid_argument for shapes that there is no kernel for (row_plan.h), std::runtime_error where the launch
// fails. Returns without waiting.
void se_pool(const SePool& work, Stream stream);

}  // namespace effnet::cuda
