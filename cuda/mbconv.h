// The inverted bottleneck of kernels/mbconv.h on CUDA, as lists of kernels. Maps are channels_last, in float or
// bfloat16. Saved for the way back are the raw results of the three convolutions and numbers a channel or picture;
// activations are worked out again.
//
//   forward   pointwise (expand), norm, depthwise, norm, se_pool, se_layers, pointwise (project), norm, block_output
//   backward  block_output, norm, pointwise (project), se_layers, norm, depthwise, norm, pointwise (expand)
//   evaluated norms, expand_depthwise, se_layers, pointwise (project), block_output
//
// Without expansion the depthwise convolution reads x; without squeeze-and-excite there are no se_ kernels. Between two
// blocks a map may stay raw: the one before leaves out its block_output, both ways, and the one behind applies the norm as
// it reads and works out its gradients.
// Nothing waits for the device and nothing is allocated, so a list can be captured into a graph.
#pragma once

#include "cuda/batch_norm.h"
#include "cuda/work.h"
#include "kernels/mbconv.h"
#include "kernels/padding.h"

namespace effnet::cuda {

using kernels::MBConvShape;

// Those of products are stored as the maps are, all others in float.
struct MBConvWeights {
  const void* expand = nullptr;      // (Ce, Cin)
  const float* depthwise = nullptr;  // (Ce, k, k)
  const float* reduce = nullptr;     // (Cs, Ce)
  const float* reduce_bias = nullptr;
  const float* gate = nullptr;  // (Ce, Cs)
  const float* gate_bias = nullptr;
  const void* project = nullptr;  // (Cout, Ce)
  NormWeights expand_norm, depthwise_norm, project_norm;
};

// What the forward pass leaves; null what the block does not have.
struct MBConvSaved {
  void* expanded = nullptr;   // (N, H, W, Ce) raw y1
  void* depthwise = nullptr;  // (N, H', W', Ce) raw y2
  void* projected = nullptr;  // (N, H', W', Cout) raw y3
  NormState expand_norm, depthwise_norm, project_norm;
  float* pool_sums = nullptr;                                     // (N, pool_parts, 3, Ce)
  float *pooled = nullptr, *squeezed = nullptr, *gate = nullptr;  // (N, Ce), (N, Cs), (N, Ce)
};

struct MBConvForward {
  MBConvShape shape;
  Storage storage = Storage::kFloat;
  MBConvWeights weights;
  const void* x = nullptr;      // (N, H, W, Cin)
  RawInput raw_x;               // where takes_raw()
  const float* keep = nullptr;  // (N) or null: 1
  MBConvSaved saved;
  bool out_is_raw = false;  // saved.projected is what goes on, its norm and activation to be applied
  void* out = nullptr;      // (N, H', W', Cout), written unless out_is_raw
};

// By running statistics; nobody goes back.
struct MBConvEvaluation {
  MBConvShape shape;
  kernels::Padding padding = kernels::Padding::kSame;
  Storage storage = Storage::kFloat;
  MBConvWeights weights;
  const void* x = nullptr;  // (N, H, W, Cin)
  RawInput raw_x;           // where takes_raw()
  NormState project_norm;   // written
  bool out_is_raw = false;  // project_norm and the activation are to be applied
  void* out = nullptr;      // (N, H', W', Cout), written
};

// Whether a block can read a map behind which there is an activation of that kind, and only now: a sum needs values.
inline bool takes_raw(const MBConvShape& shape, kernels::Activation activation) {
  return !shape.residual || activation == kernels::Activation::kIdentity;
}

// All written.
struct MBConvGradients {
  void* x = nullptr;
  float *expand = nullptr, *depthwise = nullptr, *project = nullptr;
  float *reduce = nullptr, *reduce_bias = nullptr, *gate = nullptr, *gate_bias = nullptr;
  NormGradients expand_norm, depthwise_norm, project_norm;
  NormGradients x_norm;   // of a raw x; x is then the gradient of what that norm puts out
  NormFactors x_factors;  // of a raw x
};

struct MBConvBackward {
  MBConvForward forward;               // as it was
  const void* out_gradient = nullptr;  // (N, H', W', Cout); of a raw out what its reader wrote as that of x
  NormFactors out_factors;             // of a raw out; gradients.project_norm is then its reader's
  MBConvGradients gradients;
};

// Floats of saved.pool_sums.
Index pool_sums_size(const MBConvShape& shape, Storage storage);

// Throws std::invalid_argument for a raw x that the block does not take, and for a raw out with a residual or drop-path.
void check_raw_ends(const MBConvShape& shape, const RawInput& x, bool out_is_raw, bool drops_paths);

// They throw as check_raw_ends(). `memory` is what the kernels work in; one that counts says how much that is.
WorkList work_of(const MBConvForward& block, Carver& memory);
WorkList work_of(const MBConvBackward& block, Carver& memory);
WorkList work_of(const MBConvEvaluation& block, Carver& memory);

}  // namespace effnet::cuda
