// The depthwise convolution: one kernel a channel.
//
//   y[n][oy][ox][c] = sum over i, j of  x[n][oy * stride + i - pad_top][ox * stride + j - pad_left][c] * w[c][i][j]
//
// Maps are (N, H, W, C), weights (C, k, k); what lies outside the map is 0.
#pragma once

#include <cstdint>

namespace effnet::kernels {

using Index = std::int64_t;

struct DepthwiseShape {
  Index batch = 0, channels = 0;
  Index height = 0, width = 0;          // of x
  Index out_height = 0, out_width = 0;  // of y
  int kernel = 3;
  int stride = 1;
  Index pad_top = 0, pad_left = 0;

  double flops() const;  // of one of the three: forward, input gradient, weight gradient
  Index in_rows() const { return batch * height * width; }
  Index out_rows() const { return batch * out_height * out_width; }
};

// The definition, in double.
void depthwise_forward(const DepthwiseShape& shape, const double* x, const double* weights, double* y);
// x_gradient is written, weight_gradient added to.
void depthwise_backward(const DepthwiseShape& shape, const double* x, const double* weights,
                        const double* y_gradient, double* x_gradient, double* weight_gradient);

}  // namespace effnet::kernels
