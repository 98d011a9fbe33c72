// Regression by a Gaussian process (Rasmussen and Williams 2006, chapters 2 and 5): a constant, a linear trend and a smooth
// part over standardised features, with noise. A few hundred points; everything in double and in one order, so that a replay
// believes the same.
#pragma once

#include <span>
#include <vector>

namespace effnet::search {

// Relative to the smooth part's variance, which is worked out from the data.
struct GaussianProcessSettings {
  double length = 1;    // distance at which the smooth part forgets, in root-mean-square feature differences
  double linear = 1;    // prior variance of the linear trend
  double noise = 1e-2;  // variance of one observation's noise
};

class GaussianProcess {
 public:
  // points (n, features), values (n); n >= 1.
  GaussianProcess(std::vector<std::vector<double>> points, const std::vector<double>& values,
                  const GaussianProcessSettings& settings);

  struct Belief {
    double mean = 0, deviation = 0;  // of the function, without an observation's noise
  };
  std::vector<Belief> at(std::span<const std::vector<double>> points) const;

  // The means of at(), which cost a good deal less.
  std::vector<double> means_at(std::span<const std::vector<double>> points) const;

  // Of the weighted sum of the function's values at these points: with weights that add up to 0, of a contrast.
  Belief of_sum(std::span<const std::vector<double>> points, std::span<const double> weights) const;

  // Takes a point for seen, with the value that is expected there: the next of several asks looks elsewhere.
  void believe(const std::vector<double>& point);

  double noise_deviation() const;  // of one observation

  // Log marginal likelihood at the best signal variance, equation 5.8 of the book.
  double log_likelihood() const;

 private:
  double covariance(const std::vector<double>& a, const std::vector<double>& b) const;
  // With each of some points, whose features are given column by column.
  std::vector<double> covariances(const std::vector<double>& point,
                                  const std::vector<std::vector<double>>& columns) const;
  void add(const std::vector<double>& point, double residual);

  GaussianProcessSettings settings_;
  std::vector<std::vector<double>> points_;
  std::vector<std::vector<double>> features_;  // the columns of points_
  std::vector<std::vector<double>> factor_;    // columns of the Cholesky factor, each from its diagonal down
  std::vector<double> whitened_;               // factor^-1 (values - constant)
  double constant_ = 0, signal_ = 1;           // of the values; variance of the smooth part
};

// The settings of a grid around `start` with the highest likelihood, one of the three moved at a time until none gains.
GaussianProcessSettings fitted(const std::vector<std::vector<double>>& points,
                               const std::vector<double>& values, GaussianProcessSettings start);

}  // namespace effnet::search
