// The mean over a net's last map before the classifier on CUDA, as lists of kernels: the map comes raw from the convolution
// before (conv_norm_act.h, mbconv.h) and is never finished in memory.
//
//   forward   head_pool
//   backward  head_pool, norm
#pragma once

#include "cuda/batch_norm.h"
#include "cuda/work.h"

namespace effnet::cuda {

struct HeadMeanForward {
  RowShape shape;
  Storage storage = Storage::kFloat;
  const void* x = nullptr;  // (N, P, C), raw
  RawInput raw_x;           // what is applied to it
  float* pooled = nullptr;  // (N, C), written
};

// All but `forward` and pooled_gradient is written.
struct HeadMeanBackward {
  HeadMeanForward forward;                 // as it was
  const float* pooled_gradient = nullptr;  // (N, C)
  void* x_gradient = nullptr;              // (N, P, C), of what the norm puts out
  NormGradients x_norm;
  NormFactors x_factors;
};

// `memory` is what the kernels work in; one that counts says how much that is.
WorkList work_of(const HeadMeanForward& mean, Carver& memory);
WorkList work_of(const HeadMeanBackward& mean, Carver& memory);

}  // namespace effnet::cuda
