#include "tests/cuda/stored_checks.h"

#include "tests/support/catch.h"

namespace effnet::tests {

void check_moments(const std::vector<double>& y, const std::vector<float>& moments, Index channels) {
  const auto row = static_cast<std::size_t>(channels);
  const auto rows = static_cast<double>(y.size() / row);
  for (std::size_t c = 0; c < row; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t i = c; i < y.size(); i += row) mean += y[i] / rows;
    for (std::size_t i = c; i < y.size(); i += row) squares += std::pow(y[i] - mean, 2);
    const JoinedMoments of_channel = joined(moments, channels, static_cast<Index>(c));
    CHECK(of_channel.count == rows);
    CHECK(of_channel.mean == Catch::Approx(mean).epsilon(1e-6).margin(1e-6));
    // A mean is a float: relative to the deviation it may be off by 2^-24 mean / deviation.
    const double variance = squares / rows;
    const double of_mean = variance > 0 ? std::ldexp(std::abs(mean) / std::sqrt(variance), -24) : 0;
    CHECK(of_channel.variance == Catch::Approx(variance).epsilon(2e-5 + of_mean).margin(1e-12));
  }
}

void check_sums(const StoredGradient& stored, const std::vector<float>& sums, Index channels) {
  const auto& [x_gradient, x, mean] = stored;
  const auto row = static_cast<std::size_t>(channels);
  for (std::size_t c = 0; c < row; ++c) {
    double sum = 0, product = 0, size = 1e-30, got_sum = 0, got_product = 0;
    for (std::size_t i = c; i < x_gradient.size(); i += row) {
      const double apart = x[i] - mean[c];
      sum += x_gradient[i];
      product += x_gradient[i] * apart;
      size += std::abs(x_gradient[i]) * (1 + std::abs(apart));
    }
    for (std::size_t part = c; part < sums.size(); part += 2 * row) {
      got_sum += static_cast<double>(sums[part]);
      got_product += static_cast<double>(sums[part + row]);
    }
    CHECK(std::abs(got_sum - sum) <= 2e-6 * size);
    CHECK(std::abs(got_product - product) <= 2e-6 * size);
  }
}

}  // namespace effnet::tests
