#include "search/gaussian_process.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace effnet::search {
namespace {

double dot(const double* a, const double* b, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

GaussianProcess::GaussianProcess(std::vector<std::vector<double>> points, const std::vector<double>& values,
                                 const GaussianProcessSettings& settings)
    : settings_(settings) {
  constant_ = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  points_.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) add(points[i], values[i] - constant_);
  const auto count = static_cast<double>(values.size());
  signal_ = std::max(dot(whitened_.data(), whitened_.data(), whitened_.size()) / count, 1e-300);
}

// Matern's covariance of smoothness 5/2 (equation 4.17) and a linear kernel.
double GaussianProcess::covariance(const std::vector<double>& a, const std::vector<double>& b) const {
  double product = 1, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = a[i] - b[i];
    square += apart * apart;
    product += a[i] * b[i];
  }
  const auto features = static_cast<double>(std::max<std::size_t>(a.size(), 1));
  const double r = std::sqrt(5 * square / features) / settings_.length;
  return (1 + r + r * r / 3) * std::exp(-r) + settings_.linear * product / features;
}

// One more row of the Cholesky factor.
void GaussianProcess::add(const std::vector<double>& point, double residual) {
  const std::size_t n = points_.size();
  std::vector<double> row(n + 1);
  for (std::size_t i = 0; i < n; ++i)
    row[i] = (covariance(point, points_[i]) - dot(row.data(), rows_[i].data(), i)) / rows_[i][i];
  const double left = covariance(point, point) + settings_.noise - dot(row.data(), row.data(), n);
  row[n] = std::sqrt(std::max(left, 1e-10));
  whitened_.push_back((residual - dot(row.data(), whitened_.data(), n)) / row[n]);
  rows_.push_back(std::move(row));
  points_.push_back(point);
}

void GaussianProcess::believe(const std::vector<double>& point) {
  add(point, at(std::span(&point, 1)).front().mean - constant_);
}

std::vector<GaussianProcess::Belief> GaussianProcess::at(std::span<const std::vector<double>> points) const {
  const std::size_t n = points_.size(), count = points.size();
  // factor^-1 covariance(points_, points), all points of one row side by side.
  std::vector<double> whitened(n * count), mean(count, constant_), variance(count);
  for (std::size_t j = 0; j < count; ++j) variance[j] = covariance(points[j], points[j]);
  for (std::size_t i = 0; i < n; ++i) {
    double* row = whitened.data() + i * count;
    for (std::size_t j = 0; j < count; ++j) row[j] = covariance(points_[i], points[j]);
    for (std::size_t k = 0; k < i; ++k) {
      const double factor = rows_[i][k];
      const double* before = whitened.data() + k * count;
      for (std::size_t j = 0; j < count; ++j) row[j] -= factor * before[j];
    }
    const double inverse = 1 / rows_[i][i];
    for (std::size_t j = 0; j < count; ++j) {
      row[j] *= inverse;
      mean[j] += row[j] * whitened_[i];
      variance[j] -= row[j] * row[j];
    }
  }
  std::vector<Belief> beliefs(count);
  for (std::size_t j = 0; j < count; ++j)
    beliefs[j] = {mean[j], std::sqrt(std::max(variance[j], 0.0) * signal_)};
  return beliefs;
}

std::vector<double> GaussianProcess::means_at(std::span<const std::vector<double>> points) const {
  std::vector<double> weights = whitened_;  // factor^-T whitened: of the observations' covariances
  for (std::size_t i = weights.size(); i-- > 0;) {
    weights[i] /= rows_[i][i];
    for (std::size_t k = 0; k < i; ++k) weights[k] -= rows_[i][k] * weights[i];
  }
  std::vector<double> means;
  for (const std::vector<double>& point : points) {
    double& mean = means.emplace_back(constant_);
    for (std::size_t i = 0; i < points_.size(); ++i) mean += weights[i] * covariance(points_[i], point);
  }
  return means;
}

GaussianProcess::Belief GaussianProcess::of_sum(std::span<const std::vector<double>> points,
                                                std::span<const double> weights) const {
  std::vector<double> whitened(points_.size());
  double mean = 0, variance = 0;
  for (std::size_t j = 0; j < points.size(); ++j) {
    mean += weights[j] * constant_;
    for (std::size_t k = 0; k < points.size(); ++k)
      variance += weights[j] * weights[k] * covariance(points[j], points[k]);
    for (std::size_t i = 0; i < points_.size(); ++i)
      whitened[i] += weights[j] * covariance(points_[i], points[j]);
  }
  for (std::size_t i = 0; i < whitened.size(); ++i) {
    whitened[i] = (whitened[i] - dot(whitened.data(), rows_[i].data(), i)) / rows_[i][i];
    mean += whitened[i] * whitened_[i];
    variance -= whitened[i] * whitened[i];
  }
  return {mean, std::sqrt(std::max(variance, 0.0) * signal_)};
}

double GaussianProcess::noise_deviation() const {
  return std::sqrt(settings_.noise * signal_);
}

double GaussianProcess::log_likelihood() const {
  double log_determinant = 0;
  for (const std::vector<double>& row : rows_) log_determinant += 2 * std::log(row.back());
  const auto n = static_cast<double>(rows_.size());
  return -0.5 * (n * std::log(signal_) + log_determinant + n);
}

GaussianProcessSettings fitted(const std::vector<std::vector<double>>& points,
                               const std::vector<double>& values, GaussianProcessSettings start) {
  struct Range {
    double GaussianProcessSettings::*setting;
    double factor, least, most;
  };
  constexpr std::array<Range, 3> kRanges{{{&GaussianProcessSettings::length, 1.6, 0.2, 20},
                                          {&GaussianProcessSettings::linear, 4, 1e-3, 100},
                                          {&GaussianProcessSettings::noise, 3, 1e-5, 1}}};
  const auto likelihood = [&](const GaussianProcessSettings& settings) {
    return GaussianProcess(points, values, settings).log_likelihood();
  };
  double best = likelihood(start);
  for (bool gained = true; gained;) {
    gained = false;
    for (const Range& range : kRanges) {
      for (const double factor : {range.factor, 1 / range.factor}) {
        GaussianProcessSettings next = start;
        next.*range.setting = std::clamp(next.*range.setting * factor, range.least, range.most);
        const double value = likelihood(next);
        if (value <= best + 1e-9) continue;
        best = value;
        start = next;
        gained = true;
      }
    }
  }
  return start;
}

}  // namespace effnet::search
