// Squeeze-and-excite (arXiv 1709.01507): a gate a picture and channel from the means over the picture.
//
//   pooled = mean of a over the P pixels;  squeezed = Wr pooled + br;  gate = sigmoid(We act(squeezed) + be)
//
// a (N, P, C), Wr (Cs, C), We (C, Cs); pooled and gate (N, C), squeezed (N, Cs).
#pragma once

#include "kernels/activation.h"
#include "kernels/depthwise.h"

namespace effnet::kernels {

struct SqueezeExciteShape {
  Index batch = 0, pixels = 0, channels = 0, squeezed_channels = 0;
  Activation activation = Activation::kSilu;
};

struct SqueezeExciteWeights {
  const double *reduce = nullptr, *reduce_bias = nullptr;  // Wr, br
  const double *expand = nullptr, *expand_bias = nullptr;  // We, be
};

struct SqueezeExciteGradients {
  double *reduce = nullptr, *reduce_bias = nullptr, *expand = nullptr, *expand_bias = nullptr;
};

// The definitions, in double.
void squeeze_excite_forward(const SqueezeExciteShape& shape, const SqueezeExciteWeights& weights,
                            const double* a, double* pooled, double* squeezed, double* gate);
// From what the forward pass wrote. a_gradient (N, P, C) and those of the weights are added to.
void squeeze_excite_backward(const SqueezeExciteShape& shape, const SqueezeExciteWeights& weights,
                             const double* pooled, const double* squeezed, const double* gate,
                             const double* gate_gradient, double* a_gradient,
                             const SqueezeExciteGradients& gradients);

}  // namespace effnet::kernels
