#include "search/expected_gain.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace effnet::search {

double expected_improvement(double mean, double deviation, double best) {
  if (deviation < 1e-12) return std::max(mean - best, 0.0);
  const double z = (mean - best) / deviation;
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  const double share = std::erfc(-z / std::numbers::sqrt2) / 2;
  return deviation * (z * share + density);
}

ExpectedHypervolumeGain::ExpectedHypervolumeGain(std::vector<Gains> front) : front_(std::move(front)) {
  std::erase_if(front_, [](const Gains& point) { return !(point.back() > 0); });
  std::sort(front_.begin(), front_.end(), [](const Gains& a, const Gains& b) { return a.back() > b.back(); });
}

double ExpectedHypervolumeGain::operator()(std::span<const double> costs, double mean,
                                           double deviation) const {
  assert(costs.size() == 1 || costs.size() == 2);
  // One cost is an area of height 1.
  const double width = costs[0], height = costs.size() == 2 ? costs[1] : 1;
  if (!(width > 0) || !(height > 0)) return 0;
  Staircase covered;
  double gain = 0, above = 0;  // EI on the last accuracy
  for (const Gains& point : front_) {
    const double here = expected_improvement(mean, deviation, point.back());
    gain += (width * height - covered.area()) * (here - above);
    above = here;
    covered.add(std::min(point[0], width), costs.size() == 2 ? std::min(point[1], height) : height);
    if (covered.area() >= width * height) return gain;
  }
  return gain + (width * height - covered.area()) * (expected_improvement(mean, deviation, 0) - above);
}

}  // namespace effnet::search
