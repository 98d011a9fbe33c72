// The first half of an inverted bottleneck at inference on CUDA in one pass: the expanded map is made tile by tile in shared
// memory and never stored.
//
//   e = act(W x * scale + offset)                    0 outside of the map
//   y = out_act(depthwise(e) * out_scale + out_offset),  and its sums over a picture, which squeeze-and-excite is made of
//
// Without expansion the map e is made from is x itself, raw from the convolution before or finished. Storage float or
// bfloat16; products of bfloat16 by the tensor cores with sums in float; e is rounded to the storage, all else is computed
// in float. The sums are those of y before it is rounded. All memory lies at multiples of 16 bytes.
#pragma once

#include "cuda/expand_depthwise_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct ExpandDepthwise {
  DepthwiseShape shape;   // of e and y
  Index in_channels = 0;  // 0: no expansion
  Storage storage = Storage::kFloat;
  const void* x = nullptr;       // (N, H, W, Cin), or (N, H, W, C)
  const void* expand = nullptr;  // W (C, Cin), stored as the maps are; null without expansion
  const float *scale = nullptr, *offset = nullptr;  // (C); both null, without expansion: e is x
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const float* weights = nullptr;                                   // (C, k, k)
  const float *out_scale = nullptr, *out_offset = nullptr;          // (C)
  kernels::Activation out_activation = kernels::Activation::kIdentity;
  void* y = nullptr;      // (N, H', W', C), written
  float* sums = nullptr;  // (N, sum_parts, C), written; null: not wanted
};

Index sum_parts(const ExpandDepthwise& work);      // of a picture
BytesModel bytes_of(const ExpandDepthwise& work);  // pointers are asked only whether they are null
double flops_of(const ExpandDepthwise& work);      // products alone, of every pixel that a tile expands

// Throws std::invalid_argument for shapes that there is no kernel for (expand_depthwise_plan.h), std::runtime_error where
// the launch fails. Returns without waiting.
void expand_depthwise(const ExpandDepthwise& work, Stream stream);

}  // namespace effnet::cuda
