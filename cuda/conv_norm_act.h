// The 1x1 convolution with batch norm and activation (kernels/conv.h) on CUDA, as lists of kernels: the heads of nets.
//
//   forward   pointwise, norm, block_output
//   backward  block_output, norm, pointwise
#pragma once

#include "cuda/batch_norm.h"
#include "cuda/work.h"
#include "kernels/conv.h"

namespace effnet::cuda {

struct ConvNormActForward {
  kernels::ConvShape shape;  // kernel and stride 1
  Storage storage = Storage::kFloat;
  Statistics statistics = Statistics::kBatch;
  const void* weights = nullptr;  // (Cout, Cin), stored as the maps are
  NormWeights norm;
  const void* x = nullptr;  // (N, H, W, Cin)
  void* y = nullptr;        // (N, H, W, Cout) raw, written
  NormState state;          // written
  void* out = nullptr;      // (N, H, W, Cout), written
};

struct ConvNormActBackward {
  ConvNormActForward forward;          // as it was
  const void* out_gradient = nullptr;  // (N, H, W, Cout)
  void* x_gradient = nullptr;          // (N, H, W, Cin), written
  float* weight_gradient = nullptr;    // (Cout, Cin), written
  NormGradients norm_gradients;        // written
};

// `memory` is what the kernels work in; one that counts says how much that is.
WorkList work_of(const ConvNormActForward& conv, Carver& memory);
WorkList work_of(const ConvNormActBackward& conv, Carver& memory);

}  // namespace effnet::cuda
