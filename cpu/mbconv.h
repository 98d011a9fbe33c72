// The inverted bottleneck of kernels/mbconv.h on the CPU, in float. Training saves what the backward pass cannot cheaply
// work out again: the raw results of the three convolutions and a few numbers a channel or picture; activations are
// recomputed. Between two batch norms every map is read and written once (docs/kernels.md has the passes).
//
// All maps are (N, H, W, C) without gaps. Weights have PyTorch's layouts. Pointers of what a block does not have are
// null. Results do not depend on the number of workers.
#pragma once

#include "cpu/batch_norm.h"
#include "cpu/workspace.h"
#include "kernels/mbconv.h"

namespace effnet::cpu {

using kernels::MBConvShape;

// How to run: micro-kernels, threads, memory to work in.
struct Execution {
  const KernelTable& kernels;
  const ParallelFor& parallel;
  Workspace& workspace;
};

struct MBConvWeights {
  const float* expand = nullptr;     // (Ce, Cin)
  const float* depthwise = nullptr;  // (Ce, k, k)
  const float* reduce = nullptr;     // (Cs, Ce)
  const float* reduce_bias = nullptr;
  const float* gate = nullptr;  // (Ce, Cs)
  const float* gate_bias = nullptr;
  const float* project = nullptr;  // (Cout, Ce)
  BatchNormWeights expand_norm, depthwise_norm, project_norm;
};

// Whether y1 is not stored but made again from x wherever it is needed, its statistics taken from the covariance of x: on
// large maps of few channels, where memory costs more than the products.
inline bool expands_again(const MBConvShape& shape) {
  constexpr Index kFewChannels = 48, kLargeMap = 64;
  return shape.expands && shape.in_channels <= kFewChannels &&
         shape.depthwise.height * shape.depthwise.width >= kLargeMap;
}

// What the forward pass leaves for the backward pass.
struct MBConvSaved {
  float* expanded = nullptr;       // (rows, Ce) raw y1; null without expansion or where it is made again
  float* input_moments = nullptr;  // Cin (Cin + 1) numbers (cpu/input_moments.h) where y1 is made again
  float* depthwise = nullptr;      // (rows', Ce) raw y2
  float* projected = nullptr;      // (rows', Cout) raw y3
  BatchNormState expand_norm, depthwise_norm, project_norm;
  float* pooled = nullptr;    // (N, Ce) mean of a2
  float* squeezed = nullptr;  // (N, Cs) before its activation
  float* gate = nullptr;      // (N, Ce)
};

void mbconv_forward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                    const float* x, const float* keep, Statistics statistics, const MBConvSaved& saved,
                    float* out);

// All written. x may be null: nobody asks for it.
struct MBConvGradients {
  float* x = nullptr;
  float *expand = nullptr, *depthwise = nullptr, *project = nullptr;
  float *reduce = nullptr, *reduce_bias = nullptr, *gate = nullptr, *gate_bias = nullptr;
  float *expand_norm_weight = nullptr, *expand_norm_bias = nullptr;
  float *depthwise_norm_weight = nullptr, *depthwise_norm_bias = nullptr;
  float *project_norm_weight = nullptr, *project_norm_bias = nullptr;
};

// `expanded_gradient` (rows, Ce; null where there is no saved.expanded) and `depthwise_gradient` (rows', Ce) are memory to
// work in.
void mbconv_backward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                     const float* x, const float* keep, const MBConvSaved& saved, const float* out_gradient,
                     float* expanded_gradient, float* depthwise_gradient, const MBConvGradients& gradients);

}  // namespace effnet::cpu
