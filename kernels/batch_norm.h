// Batch norm over the rows of a map (arXiv 1502.03167): y (rows, C) as it comes, z (rows, C) normalised.
//
//   mean, variance   of y over the rows, a channel; the variance biased
//   z = (y - mean) / sqrt(variance + eps) * weight + bias
#pragma once

#include "kernels/depthwise.h"

namespace effnet::kernels {

struct BatchNormShape {
  Index rows = 0, channels = 0;
  double eps = 1e-3;
};

// The definitions, in double.
void channel_moments(const BatchNormShape& shape, const double* y, double* mean, double* variance);
void batch_norm_forward(const BatchNormShape& shape, const double* y, const double* weight,
                        const double* bias, double* z);
// All written; the mean and the variance depend on y, too.
void batch_norm_backward(const BatchNormShape& shape, const double* y, const double* weight,
                         const double* z_gradient, double* y_gradient, double* weight_gradient,
                         double* bias_gradient);

}  // namespace effnet::kernels
