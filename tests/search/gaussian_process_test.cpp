#include "search/gaussian_process.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace effnet::search;
using Catch::Approx;

namespace {

using Points = std::vector<std::vector<double>>;

// Matern 5/2 at a distance, and the linear part, for points of one feature.
double covariance(double a, double b, const GaussianProcessSettings& s) {
  const double r = std::sqrt(5) * std::abs(a - b) / s.length;
  return (1 + r + r * r / 3) * std::exp(-r) + s.linear * (1 + a * b);
}

}  // namespace

// Oracle: the formulas 2.25, 2.26 and 5.8 of Rasmussen and Williams written out for two points.
TEST_CASE("two points: belief and likelihood as worked out by hand") {
  const GaussianProcessSettings s{.length = 0.8, .linear = 0.5, .noise = 0.1};
  const double x0 = -0.5, x1 = 0.3, at = 0.9, y0 = 1, y1 = 3, mean = 2;
  const GaussianProcess process({{x0}, {x1}}, {y0, y1}, s);
  const double k00 = covariance(x0, x0, s) + s.noise, k11 = covariance(x1, x1, s) + s.noise,
               k01 = covariance(x0, x1, s), determinant = k00 * k11 - k01 * k01;
  const auto solve = [&](double b0, double b1) {
    return std::pair((k11 * b0 - k01 * b1) / determinant, (k00 * b1 - k01 * b0) / determinant);
  };
  const double c0 = covariance(at, x0, s), c1 = covariance(at, x1, s);
  const auto [w0, w1] = solve(c0, c1);
  const auto [a0, a1] = solve(y0 - mean, y1 - mean);
  const double signal = ((y0 - mean) * a0 + (y1 - mean) * a1) / 2;

  const Points query{{at}};
  const GaussianProcess::Belief belief = process.at(query).front();
  CHECK(belief.mean == Approx(mean + w0 * (y0 - mean) + w1 * (y1 - mean)));
  CHECK(belief.deviation == Approx(std::sqrt(signal * (covariance(at, at, s) - c0 * w0 - c1 * w1))));
  CHECK(process.log_likelihood() == Approx(-0.5 * (2 * std::log(signal) + std::log(determinant) + 2)));
}

TEST_CASE("without noise the belief goes through the points, and far away it is the trend's") {
  const GaussianProcess process({{-1}, {-0.2}, {0.6}}, {2, 5, 1},
                                {.length = 0.3, .linear = 1e-3, .noise = 1e-9});
  const Points points{{-1}, {-0.2}, {0.6}};
  const auto beliefs = process.at(points);
  CHECK(beliefs[0].mean == Approx(2).margin(1e-5));
  CHECK(beliefs[1].mean == Approx(5).margin(1e-5));
  CHECK(beliefs[2].mean == Approx(1).margin(1e-5));
  for (const auto& belief : beliefs) CHECK(belief.deviation < 1e-3);
  const Points far{{30}};
  CHECK(process.at(far).front().deviation > 1);
}

TEST_CASE("a believed point is expected what it was, and more surely") {
  GaussianProcess process({{-1}, {1}}, {0, 1}, {.length = 0.5, .linear = 0.5, .noise = 0.01});
  const std::vector<double> point{0.2};
  const Points query{point};
  const auto before = process.at(query).front();
  process.believe(point);
  const auto after = process.at(query).front();
  CHECK(after.mean == Approx(before.mean));
  CHECK(after.deviation < 0.3 * before.deviation);
}

TEST_CASE("settings fitted to a smooth curve know that there is no noise, to noise that there is") {
  Points points;
  std::vector<double> smooth, noise;
  for (int i = 0; i < 40; ++i) {
    points.push_back({i / 20.0 - 1});
    smooth.push_back(std::sin(4 * points.back()[0]));
    noise.push_back(i * 7919 % 13);
  }
  const GaussianProcessSettings start{.length = 1, .linear = 1, .noise = 0.05};
  CHECK(fitted(points, smooth, start).noise < 1e-3);
  CHECK(fitted(points, noise, start).noise > 0.1);
  const auto likelihood = [&](const GaussianProcessSettings& s) {
    return GaussianProcess(points, smooth, s).log_likelihood();
  };
  CHECK(likelihood(fitted(points, smooth, start)) > likelihood(start));
}
