// Dense convolutions with batch norm and activation (kernels/conv.h) on CUDA, as lists of kernels: the 1x1 of a net's head,
// the 3x3 of its stem, and the k x k of fused and residual blocks.
//
//   forward   pointwise, dense or stem, norm, block_output
//   backward  block_output, norm, pointwise, the dense ones to input and weights, or stem
//
// The map may stay raw for the block behind to finish, and but for a stem x may be a raw one (mbconv.h).
#pragma once

#include "cuda/batch_norm.h"
#include "cuda/work.h"
#include "kernels/conv.h"

namespace effnet::cuda {

enum class ConvKind {
  kPointwise,  // 1 x 1 with a stride of 1
  kStem,       // of pictures, one or three channels: nobody asks for the picture's gradient
  kDense,      // all else
};
ConvKind kind_of(const kernels::ConvShape& shape);

struct ConvNormActForward {
  kernels::ConvShape shape;
  Storage storage = Storage::kFloat;
  Statistics statistics = Statistics::kBatch;
  const void* weights = nullptr;  // (Cout, k, k, Cin), stored as the maps are; a stem's floats
  NormWeights norm;
  const void* x = nullptr;  // (N, H, W, Cin)
  RawInput raw_x;           // where takes_raw()
  void* y = nullptr;        // (N, H', W', Cout) raw, written
  NormState state;          // written
  bool out_is_raw = false;  // y is what goes on, its norm and activation to be applied
  void* out = nullptr;      // (N, H', W', Cout), written unless out_is_raw
};

struct ConvNormActBackward {
  ConvNormActForward forward;          // as it was
  const void* out_gradient = nullptr;  // (N, H', W', Cout); of a raw out what its reader wrote as that of x
  NormFactors out_factors;             // of a raw out; norm_gradients is then its reader's
  void* x_gradient = nullptr;          // (N, H, W, Cin), written; a stem's is not
  float* weight_gradient = nullptr;    // as the weights lie, in float, written
  NormGradients norm_gradients;        // written
  NormGradients x_norm;   // of a raw x, written; x_gradient is then the gradient of what that norm puts out
  NormFactors x_factors;  // of a raw x, written
};

// Whether a convolution can read a map behind which there is a norm and any activation.
inline bool takes_raw(const kernels::ConvShape& shape) {
  return kind_of(shape) != ConvKind::kStem;
}

// Why there are no kernels for a shape, or null.
const char* conv_refusal(const kernels::ConvShape& shape);

// std::invalid_argument for a raw x that the convolution does not take. `memory` is what the kernels work in; one that
// counts says how much that is.
WorkList work_of(const ConvNormActForward& conv, Carver& memory);
WorkList work_of(const ConvNormActBackward& conv, Carver& memory);

}  // namespace effnet::cuda
