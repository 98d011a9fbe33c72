// Dense convolutions with batch norm and activation (kernels/conv.h) on CUDA, as lists of kernels: the 1x1 of a net's head
// and the 3x3 of its stem.
//
//   forward   pointwise or stem, norm, block_output
//   backward  block_output, norm, pointwise or stem
//
// The map may stay raw for the block behind to finish (mbconv.h).
#pragma once

#include "cuda/batch_norm.h"
#include "cuda/work.h"
#include "kernels/conv.h"

namespace effnet::cuda {

struct ConvNormActForward {
  kernels::ConvShape shape;
  Storage storage = Storage::kFloat;
  Statistics statistics = Statistics::kBatch;
  const void* weights = nullptr;  // 1x1: (Cout, Cin), stored as the maps are; stem: (Cout, 3, 3, Cin) floats
  NormWeights norm;
  const void* x = nullptr;  // (N, H, W, Cin)
  void* y = nullptr;        // (N, H', W', Cout) raw, written
  NormState state;          // written
  bool out_is_raw = false;  // y is what goes on, its norm and activation to be applied
  void* out = nullptr;      // (N, H', W', Cout), written unless out_is_raw
};

struct ConvNormActBackward {
  ConvNormActForward forward;          // as it was
  const void* out_gradient = nullptr;  // (N, H', W', Cout); of a raw out what its reader wrote as that of x
  NormFactors out_factors;             // of a raw out; norm_gradients is then its reader's
  void* x_gradient = nullptr;          // (N, H, W, Cin), written by the 1x1 alone
  float* weight_gradient = nullptr;    // as the weights lie, in float, written
  NormGradients norm_gradients;        // written
};

// Why there are no kernels for a shape, or null.
const char* conv_refusal(const kernels::ConvShape& shape);

// `memory` is what the kernels work in; one that counts says how much that is.
WorkList work_of(const ConvNormActForward& conv, Carver& memory);
WorkList work_of(const ConvNormActBackward& conv, Carver& memory);

}  // namespace effnet::cuda
