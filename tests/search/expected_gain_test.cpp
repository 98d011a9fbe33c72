#include "search/expected_gain.h"

#include <cmath>
#include <numbers>

#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

std::vector<Gains> random_front(spec::RandomStream& random, std::size_t costs) {
  std::vector<Gains> front(1 + random.below(6));
  for (Gains& point : front) {
    for (std::size_t d = 0; d < costs + 1; ++d) point.push_back(random.uniform());
  }
  return front;
}

double grown(std::vector<Gains> front, const Gains& point) {
  const double before = hypervolume(front);
  front.push_back(point);
  return hypervolume(front) - before;
}

// The mean over a grid of the normal distribution's accuracies.
template <class F>
double mean_over_normal(double mean, double deviation, F&& value_at) {
  double sum = 0;
  constexpr double kStep = 0.002;
  for (double z = -6; z < 6; z += kStep)
    sum += value_at(mean + (z + kStep / 2) * deviation) * std::exp(-std::pow(z + kStep / 2, 2) / 2) * kStep;
  return sum / std::sqrt(2 * std::numbers::pi);
}

}  // namespace

TEST_CASE("expected improvement is the mean of what lies above the best") {
  CHECK(expected_improvement(3, 0, 2) == 1);
  CHECK(expected_improvement(1, 0, 2) == 0);
  const double expected = mean_over_normal(1, .5, [](double x) { return std::max(x - 1.2, 0.0); });
  CHECK(expected_improvement(1, .5, 1.2) == Catch::Approx(expected).margin(1e-5));
}

// Without doubt it is the difference of two hypervolumes; with doubt the mean of such differences.
TEST_CASE("the expected gain of hypervolume is the mean of what a point would add") {
  spec::RandomStream random(3);
  for (const std::size_t costs : {1, 2}) {
    for (int round = 0; round < 30; ++round) {
      const std::vector<Gains> front = random_front(random, costs);
      const ExpectedHypervolumeGain gain(front);
      Gains point = random_front(random, costs).front();
      const double mean = point.back();
      const std::span<const double> spent = std::span(point).first(costs);
      CAPTURE(costs, round);
      CHECK(gain(spent, mean, 0) == Catch::Approx(grown(front, point)).margin(1e-12));
      const double expected = mean_over_normal(mean, .2, [&](double accuracy) {
        Gains reached(spent.begin(), spent.end());
        reached.push_back(accuracy);
        return grown(front, reached);
      });
      CHECK(gain(spent, mean, .2) == Catch::Approx(expected).margin(2e-5));
    }
  }
}

TEST_CASE("a net at the reference cost or beyond gains nothing, the first net all that it covers") {
  const ExpectedHypervolumeGain nothing({});
  CHECK(nothing(std::vector{0.5}, .8, 0) == Catch::Approx(.4));
  CHECK(nothing(std::vector{0.0}, .8, .1) == 0);
  CHECK(nothing(std::vector{0.5, -0.1}, .8, .1) == 0);
}
