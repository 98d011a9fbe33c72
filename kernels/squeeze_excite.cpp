#include "kernels/squeeze_excite.h"

#include <cmath>
#include <vector>

namespace effnet::kernels {

void squeeze_excite_forward(const SqueezeExciteShape& s, const SqueezeExciteWeights& weights, const double* a,
                            double* pooled, double* squeezed, double* gate) {
  for (Index n = 0; n < s.batch; ++n) {
    double *means = pooled + n * s.channels, *narrow = squeezed + n * s.squeezed_channels;
    for (Index c = 0; c < s.channels; ++c) {
      means[c] = 0;
      for (Index p = 0; p < s.pixels; ++p) means[c] += a[(n * s.pixels + p) * s.channels + c];
      means[c] /= static_cast<double>(s.pixels);
    }
    for (Index k = 0; k < s.squeezed_channels; ++k) {
      narrow[k] = weights.reduce_bias[k];
      for (Index c = 0; c < s.channels; ++c) narrow[k] += weights.reduce[k * s.channels + c] * means[c];
    }
    for (Index c = 0; c < s.channels; ++c) {
      double logit = weights.expand_bias[c];
      for (Index k = 0; k < s.squeezed_channels; ++k)
        logit += weights.expand[c * s.squeezed_channels + k] * activation_value(s.activation, narrow[k]);
      gate[n * s.channels + c] = 1 / (1 + std::exp(-logit));
    }
  }
}

void squeeze_excite_backward(const SqueezeExciteShape& s, const SqueezeExciteWeights& weights,
                             const double* pooled, const double* squeezed, const double* gate,
                             const double* gate_gradient, double* a_gradient,
                             const SqueezeExciteGradients& gradients) {
  for (Index n = 0; n < s.batch; ++n) {
    const double *means = pooled + n * s.channels, *narrow = squeezed + n * s.squeezed_channels;
    std::vector<double> of_narrow(static_cast<std::size_t>(s.squeezed_channels));
    for (Index c = 0; c < s.channels; ++c) {
      const double open = gate[n * s.channels + c];
      const double of_logit = gate_gradient[n * s.channels + c] * open * (1 - open);
      gradients.expand_bias[c] += of_logit;
      for (Index k = 0; k < s.squeezed_channels; ++k) {
        gradients.expand[c * s.squeezed_channels + k] += of_logit * activation_value(s.activation, narrow[k]);
        of_narrow[static_cast<std::size_t>(k)] += of_logit * weights.expand[c * s.squeezed_channels + k];
      }
    }
    for (Index k = 0; k < s.squeezed_channels; ++k) {
      const double d = of_narrow[static_cast<std::size_t>(k)] * activation_slope(s.activation, narrow[k]);
      gradients.reduce_bias[k] += d;
      for (Index c = 0; c < s.channels; ++c) {
        gradients.reduce[k * s.channels + c] += d * means[c];
        const double of_pixel = d * weights.reduce[k * s.channels + c] / static_cast<double>(s.pixels);
        for (Index p = 0; p < s.pixels; ++p) a_gradient[(n * s.pixels + p) * s.channels + c] += of_pixel;
      }
    }
  }
}

}  // namespace effnet::kernels
