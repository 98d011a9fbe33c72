#include "data/augment.h"

#include <algorithm>
#include <cmath>

namespace effnet::data {

Window centre_window(const Picture& picture) {
  const int side = std::min(picture.height, picture.width);
  return {.top = (picture.height - side) / 2, .left = (picture.width - side) / 2, .side = side};
}

Window random_window(const Picture& picture, const AugmentOptions& options, spec::RandomStream& random) {
  const int side = std::min(picture.height, picture.width);
  const auto corner = [&](int length) {
    return static_cast<int>(random.index(length - side + 2 * options.crop_padding + 1)) -
           options.crop_padding;
  };
  Window window{.side = side};
  window.top = corner(picture.height);
  window.left = corner(picture.width);
  window.mirrored = options.hflip && random.uniform() < 0.5;
  return window;
}

void erase_at_random(const AugmentOptions& options, int size, int channels, float* pixels,
                     spec::RandomStream& random) {
  if (options.erase_probability <= 0 || random.uniform() >= options.erase_probability) return;
  constexpr double kSmallestArea = 0.02, kLargestArea = 1.0 / 3, kFlattest = 0.3;
  constexpr int kAttempts = 10;  // a flat rectangle may not fit
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = random.uniform(kSmallestArea, kLargestArea) * size * size;
    const double ratio = std::exp(random.uniform(std::log(kFlattest), -std::log(kFlattest)));
    const int height = static_cast<int>(std::lround(std::sqrt(area * ratio)));
    const int width = static_cast<int>(std::lround(std::sqrt(area / ratio)));
    if (height >= size || width >= size) continue;
    const auto top = random.index(size - height + 1), left = random.index(size - width + 1);
    for (auto y = top; y < top + height; ++y) {
      std::fill_n(pixels + (y * size + left) * channels, static_cast<std::int64_t>(width) * channels, 0.0F);
    }
    return;
  }
}

}  // namespace effnet::data
