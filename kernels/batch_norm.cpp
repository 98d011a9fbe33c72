#include "kernels/batch_norm.h"

#include <cmath>
#include <vector>

namespace effnet::kernels {
namespace {

// Mean and 1 / sqrt(variance + eps) a channel.
struct Normal {
  std::vector<double> mean, inverse;

  Normal(const BatchNormShape& s, const double* y)
      : mean(static_cast<std::size_t>(s.channels)), inverse(static_cast<std::size_t>(s.channels)) {
    channel_moments(s, y, mean.data(), inverse.data());
    for (double& value : inverse) value = 1 / std::sqrt(value + s.eps);
  }
};

}  // namespace

void channel_moments(const BatchNormShape& s, const double* y, double* mean, double* variance) {
  for (Index c = 0; c < s.channels; ++c) {
    double sum = 0, squares = 0;
    for (Index row = 0; row < s.rows; ++row) sum += y[row * s.channels + c];
    mean[c] = sum / static_cast<double>(s.rows);
    for (Index row = 0; row < s.rows; ++row) {
      const double apart = y[row * s.channels + c] - mean[c];
      squares += apart * apart;
    }
    variance[c] = squares / static_cast<double>(s.rows);
  }
}

void batch_norm_forward(const BatchNormShape& s, const double* y, const double* weight, const double* bias,
                        double* z) {
  const Normal normal(s, y);
  for (Index i = 0; i < s.rows * s.channels; ++i) {
    const auto c = static_cast<std::size_t>(i % s.channels);
    z[i] = (y[i] - normal.mean[c]) * normal.inverse[c] * weight[c] + bias[c];
  }
}

void batch_norm_backward(const BatchNormShape& s, const double* y, const double* weight,
                         const double* z_gradient, double* y_gradient, double* weight_gradient,
                         double* bias_gradient) {
  const Normal normal(s, y);
  const auto rows = static_cast<double>(s.rows);
  for (Index c = 0; c < s.channels; ++c) {
    const double mean = normal.mean[static_cast<std::size_t>(c)];
    const double inverse = normal.inverse[static_cast<std::size_t>(c)];
    weight_gradient[c] = bias_gradient[c] = 0;
    for (Index i = c; i < s.rows * s.channels; i += s.channels) {
      weight_gradient[c] += z_gradient[i] * (y[i] - mean) * inverse;
      bias_gradient[c] += z_gradient[i];
    }
    for (Index i = c; i < s.rows * s.channels; i += s.channels) {
      const double of_variance = (y[i] - mean) * inverse * weight_gradient[c] / rows;
      y_gradient[i] = weight[c] * inverse * (z_gradient[i] - bias_gradient[c] / rows - of_variance);
    }
  }
}

}  // namespace effnet::kernels
