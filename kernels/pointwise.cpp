#include "kernels/pointwise.h"

#include <algorithm>

namespace effnet::kernels {

double PointwiseShape::flops() const {
  return 2.0 * static_cast<double>(rows()) * static_cast<double>(in_channels) *
         static_cast<double>(out_channels);
}

void pointwise_forward(const PointwiseShape& s, const double* x, const double* gate, const double* weights,
                       double* y) {
  for (Index row = 0; row < s.rows(); ++row) {
    for (Index o = 0; o < s.out_channels; ++o) {
      double sum = 0;
      for (Index i = 0; i < s.in_channels; ++i)
        sum += weights[o * s.in_channels + i] * x[row * s.in_channels + i] *
               (gate ? gate[row / s.pixels * s.in_channels + i] : 1);
      y[row * s.out_channels + o] = sum;
    }
  }
}

void pointwise_backward(const PointwiseShape& s, const double* x, const double* gate, const double* weights,
                        const double* y_gradient, double* gated_gradient, double* weight_gradient) {
  std::fill(gated_gradient, gated_gradient + s.rows() * s.in_channels, 0.0);
  for (Index row = 0; row < s.rows(); ++row) {
    for (Index o = 0; o < s.out_channels; ++o) {
      const double gradient = y_gradient[row * s.out_channels + o];
      for (Index i = 0; i < s.in_channels; ++i) {
        gated_gradient[row * s.in_channels + i] += gradient * weights[o * s.in_channels + i];
        weight_gradient[o * s.in_channels + i] +=
            gradient * x[row * s.in_channels + i] * (gate ? gate[row / s.pixels * s.in_channels + i] : 1);
      }
    }
  }
}

}  // namespace effnet::kernels
