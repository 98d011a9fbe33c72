// The 1x1 convolution of a block: a product with a matrix for each pixel, behind a gate a picture (arXiv 1709.01507).
//
//   y[n][p] = W (gate[n] * x[n][p])
//
// x (N, P, Cin) and y (N, P, Cout) for P pixels a picture, gate (N, Cin), W (Cout, Cin).
#pragma once

#include "kernels/depthwise.h"

namespace effnet::kernels {

struct PointwiseShape {
  Index batch = 0, pixels = 0;
  Index in_channels = 0, out_channels = 0;

  Index rows() const { return batch * pixels; }
  double flops() const;  // of one of the three: forward, input gradient, weight gradient
};

// The definition, in double; gate null: 1.
void pointwise_forward(const PointwiseShape& shape, const double* x, const double* gate,
                       const double* weights, double* y);
// gated_gradient (N, P, Cin), that of gate * x, is written, weight_gradient added to.
void pointwise_backward(const PointwiseShape& shape, const double* x, const double* gate,
                        const double* weights, const double* y_gradient, double* gated_gradient,
                        double* weight_gradient);

}  // namespace effnet::kernels
