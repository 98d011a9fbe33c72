// The dense convolution of kernels/conv.h on the CPU, in float: patches of the map brought into rows tile by tile, then a
// matrix product; a 1x1 convolution reads the map itself. Training saves the raw result of the convolution.
// All maps are (N, H, W, C) without gaps. Results do not depend on the number of workers.
#pragma once

#include "cpu/mbconv.h"
#include "kernels/conv.h"

namespace effnet::cpu {

using kernels::ConvShape;

struct ConvWeights {
  const float* weight = nullptr;  // (Cout, k, k, Cin)
  BatchNormWeights norm;
};

struct ConvSaved {
  float* y = nullptr;  // (N, H', W', Cout)
  BatchNormState norm;
};

void conv_norm_act_forward(const Execution& execution, const ConvShape& shape, const ConvWeights& weights,
                           const float* x, Statistics statistics, const ConvSaved& saved, float* out);

// All written. x may be null: nobody asks for it.
struct ConvGradients {
  float *x = nullptr, *weight = nullptr, *norm_weight = nullptr, *norm_bias = nullptr;
};

void conv_norm_act_backward(const Execution& execution, const ConvShape& shape, const ConvWeights& weights,
                            const float* x, const ConvSaved& saved, const float* out_gradient,
                            const ConvGradients& gradients);

}  // namespace effnet::cpu
