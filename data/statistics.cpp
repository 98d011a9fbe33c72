#include "data/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace effnet::data {
namespace {

using Histogram = std::array<std::int64_t, 256>;

void count(const Picture& picture, std::vector<Histogram>& histograms) {
  const std::size_t channels = static_cast<std::size_t>(picture.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    Histogram& histogram = histograms[c];
    for (std::size_t i = c; i < picture.pixels.size(); i += channels) ++histogram[picture.pixels[i]];
  }
}

}  // namespace

PixelStatistics pixel_statistics(const Dataset& dataset, std::int64_t largest_sample) {
  std::vector<Histogram> histograms(static_cast<std::size_t>(dataset.channels()), Histogram{});
  const std::int64_t sample = std::min(dataset.size(), largest_sample);
  for (std::int64_t i = 0; i < sample; ++i) count(dataset.picture(i * dataset.size() / sample), histograms);

  PixelStatistics result;
  for (const Histogram& histogram : histograms) {
    std::int64_t pixels = 0, sum = 0, squares = 0;
    for (std::int64_t value = 0; value < 256; ++value) {
      const std::int64_t times = histogram[static_cast<std::size_t>(value)];
      pixels += times;
      sum += times * value;
      squares += times * value * value;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(pixels);
    const double variance = static_cast<double>(squares) / static_cast<double>(pixels) - mean * mean;
    result.mean.push_back(mean / 255);
    result.stddev.push_back(variance > 0 ? std::sqrt(variance) / 255 : 1.0);
  }
  return result;
}

}  // namespace effnet::data
