#include "scaling/rounding.h"

#include <algorithm>
#include <cmath>

namespace effnet::scaling {

namespace {
// What no net has: larger products stop here instead of leaving int, and spec::check refuses them.
constexpr double kMost = 1e9;
}  // namespace

int round_channels(int channels, double width, int divisor) {
  if (width == 1) return channels;
  const double wanted = std::min(channels * width, kMost);
  int rounded = std::max(divisor, static_cast<int>(wanted + divisor / 2.0) / divisor * divisor);
  if (rounded < 0.9 * wanted) rounded += divisor;
  return rounded;
}

int round_repeats(int repeats, double depth) {
  return static_cast<int>(std::ceil(std::min(repeats * depth, kMost) - 1e-9));
}

int round_resolution(int resolution, double factor) {
  return std::max(1, static_cast<int>(std::lround(std::min(resolution * factor, kMost))));
}

}  // namespace effnet::scaling
