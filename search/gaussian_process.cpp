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

// Column f: feature f of all points. Loops over points side by side are what compilers make wide instructions of, and leave
// the order of each sum as it is.
std::vector<std::vector<double>> columns_of(std::span<const std::vector<double>> points) {
  std::vector<std::vector<double>> columns(points.empty() ? 0 : points.front().size());
  for (std::size_t f = 0; f < columns.size(); ++f) {
    for (const std::vector<double>& point : points) columns[f].push_back(point[f]);
  }
  return columns;
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
std::vector<double> GaussianProcess::covariances(const std::vector<double>& point,
                                                 const std::vector<std::vector<double>>& columns) const {
  const std::size_t count = columns.empty() ? 0 : columns.front().size();
  std::vector<double> products(count, 1), result(count);  // result: first the squared distances
  for (std::size_t f = 0; f < columns.size(); ++f) {
    const double* column = columns[f].data();
    for (std::size_t j = 0; j < count; ++j) {
      const double apart = point[f] - column[j];
      result[j] += apart * apart;
      products[j] += point[f] * column[j];
    }
  }
  const auto features = static_cast<double>(std::max<std::size_t>(columns.size(), 1));
  for (std::size_t j = 0; j < count; ++j) {
    const double r = std::sqrt(5 * result[j] / features) / settings_.length;
    result[j] = (1 + r + r * r / 3) * std::exp(-r) + settings_.linear * products[j] / features;
  }
  return result;
}

double GaussianProcess::covariance(const std::vector<double>& a, const std::vector<double>& b) const {
  return covariances(a, columns_of(std::span(&b, 1))).front();
}

// One more row of the Cholesky factor.
void GaussianProcess::add(const std::vector<double>& point, double residual) {
  const std::size_t n = points_.size();
  std::vector<double> row = covariances(point, features_);
  double left = covariance(point, point) + settings_.noise;
  for (std::size_t k = 0; k < n; ++k) {
    const double* below = factor_[k].data() + 1;
    row[k] /= factor_[k].front();
    for (std::size_t i = k + 1; i < n; ++i) row[i] -= row[k] * below[i - k - 1];
    left -= row[k] * row[k];
    residual -= row[k] * whitened_[k];
    factor_[k].push_back(row[k]);
  }
  factor_.push_back({std::sqrt(std::max(left, 1e-10))});
  whitened_.push_back(residual / factor_[n].front());
  features_.resize(point.size());
  for (std::size_t f = 0; f < point.size(); ++f) features_[f].push_back(point[f]);
  points_.push_back(point);
}

void GaussianProcess::believe(const std::vector<double>& point) {
  add(point, at(std::span(&point, 1)).front().mean - constant_);
}

std::vector<GaussianProcess::Belief> GaussianProcess::at(std::span<const std::vector<double>> points) const {
  constexpr std::size_t kSideBySide = 16;  // points, whose sums stay in registers
  using Lanes = std::array<double, kSideBySide>;
  const std::size_t n = points_.size();
  std::vector<std::vector<double>> rows(n);  // of the factor
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k; i < n; ++i) rows[i].push_back(factor_[k][i - k]);
  }
  std::vector<Belief> beliefs;
  while (!points.empty()) {
    const std::span<const std::vector<double>> some = points.first(std::min(kSideBySide, points.size()));
    std::vector<Lanes> whitened(n, Lanes{});  // factor^-1 covariance(points_, some)
    Lanes mean{}, variance{};
    for (std::size_t j = 0; j < some.size(); ++j) {
      mean[j] = constant_;
      variance[j] = covariance(some[j], some[j]);
      const std::vector<double> shared = covariances(some[j], features_);
      for (std::size_t i = 0; i < n; ++i) whitened[i][j] = shared[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      Lanes row = whitened[i];
      for (std::size_t k = 0; k < i; ++k) {
        for (std::size_t j = 0; j < kSideBySide; ++j) row[j] -= rows[i][k] * whitened[k][j];
      }
      for (std::size_t j = 0; j < kSideBySide; ++j) {
        row[j] /= rows[i][i];
        mean[j] += row[j] * whitened_[i];
        variance[j] -= row[j] * row[j];
      }
      whitened[i] = row;
    }
    for (std::size_t j = 0; j < some.size(); ++j)
      beliefs.push_back({mean[j], std::sqrt(std::max(variance[j], 0.0) * signal_)});
    points = points.subspan(some.size());
  }
  return beliefs;
}

std::vector<double> GaussianProcess::means_at(std::span<const std::vector<double>> points) const {
  std::vector<double> weights = whitened_;  // factor^-T whitened: of the observations' covariances
  for (std::size_t i = weights.size(); i-- > 0;) {
    const std::size_t below = weights.size() - i - 1;
    weights[i] =
        (weights[i] - dot(factor_[i].data() + 1, weights.data() + i + 1, below)) / factor_[i].front();
  }
  std::vector<double> means(points.size(), constant_);
  const std::vector<std::vector<double>> columns = columns_of(points);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const std::vector<double> shared = covariances(points_[i], columns);
    for (std::size_t j = 0; j < means.size(); ++j) means[j] += weights[i] * shared[j];
  }
  return means;
}

GaussianProcess::Belief GaussianProcess::of_sum(std::span<const std::vector<double>> points,
                                                std::span<const double> weights) const {
  std::vector<double> whitened(points_.size());
  double mean = 0, variance = 0;
  const std::vector<std::vector<double>> columns = columns_of(points);
  for (std::size_t j = 0; j < points.size(); ++j) {
    mean += weights[j] * constant_;
    variance += weights[j] * dot(covariances(points[j], columns).data(), weights.data(), points.size());
    const std::vector<double> shared = covariances(points[j], features_);
    for (std::size_t i = 0; i < points_.size(); ++i) whitened[i] += weights[j] * shared[i];
  }
  for (std::size_t k = 0; k < whitened.size(); ++k) {
    whitened[k] /= factor_[k].front();
    for (std::size_t i = k + 1; i < whitened.size(); ++i) whitened[i] -= whitened[k] * factor_[k][i - k];
    mean += whitened[k] * whitened_[k];
    variance -= whitened[k] * whitened[k];
  }
  return {mean, std::sqrt(std::max(variance, 0.0) * signal_)};
}

double GaussianProcess::noise_deviation() const {
  return std::sqrt(settings_.noise * signal_);
}

double GaussianProcess::log_likelihood() const {
  double log_determinant = 0;
  for (const std::vector<double>& column : factor_) log_determinant += 2 * std::log(column.front());
  const auto n = static_cast<double>(factor_.size());
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
