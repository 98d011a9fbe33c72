// The dense convolution with batch norm and activation, what stems, heads, fused blocks and residual nets are made of:
//
//   y = conv(x);  out = act(norm(y))
//
// x (N, H, W, Cin), weights (Cout, k, k, Cin), y (N, H', W', Cout); what lies outside of the map is 0.
#pragma once

#include "kernels/activation.h"
#include "kernels/depthwise.h"

namespace effnet::kernels {

struct ConvShape {
  Index batch = 0, in_channels = 0, out_channels = 0;
  Index height = 0, width = 0, out_height = 0, out_width = 0;
  int kernel = 1;
  int stride = 1;
  Index pad_top = 0, pad_left = 0;
  Activation activation = Activation::kIdentity;

  Index in_pixels() const { return height * width; }
  Index out_pixels() const { return out_height * out_width; }
  Index patch() const { return static_cast<Index>(kernel) * kernel * in_channels; }  // values an output sees
  bool pointwise() const { return kernel == 1 && stride == 1; }
  double flops() const { return 2.0 * static_cast<double>(batch * out_pixels() * patch() * out_channels); }
};

// The definition, in double.
void conv_forward(const ConvShape& shape, const double* x, const double* weights, double* y);
// x_gradient is written, weight_gradient added to.
void conv_backward(const ConvShape& shape, const double* x, const double* weights, const double* y_gradient,
                   double* x_gradient, double* weight_gradient);

}  // namespace effnet::kernels
