#include "scaling/rounding.h"

#include <algorithm>
#include <cmath>

namespace effnet::scaling {

int round_channels(int channels, double width, int divisor) {
  if (width == 1) return channels;
  const double wanted = channels * width;
  int rounded = std::max(divisor, static_cast<int>(wanted + divisor / 2.0) / divisor * divisor);
  if (rounded < 0.9 * wanted) rounded += divisor;
  return rounded;
}

int round_repeats(int repeats, double depth) {
  return static_cast<int>(std::ceil(repeats * depth - 1e-9));
}

int round_resolution(int resolution, double factor) {
  return std::max(1, static_cast<int>(std::lround(resolution * factor)));
}

}  // namespace effnet::scaling
