#include "data/normalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "spec/error.h"

namespace effnet::data {
namespace {

using Table = std::array<float, 256>;

template <int kChannels>
void convert_row(const std::uint8_t* in, int pixels, bool mirrored, const Table* tables, float* out) {
  const int step = mirrored ? -kChannels : kChannels;
  float* to = mirrored ? out + (pixels - 1) * kChannels : out;
  for (int x = 0; x < pixels; ++x, in += kChannels, to += step) {
    for (int c = 0; c < kChannels; ++c) to[c] = tables[c][in[c]];
  }
}

}  // namespace

Normalizer::Normalizer(int channels, const std::vector<double>& mean, const std::vector<double>& stddev) {
  const auto expected = static_cast<std::size_t>(channels);
  if ((!mean.empty() && mean.size() != expected) || (!stddev.empty() && stddev.size() != expected)) {
    throw spec::Error(spec::ErrorKind::kUsage, "mean, std",
                      fmt::format("{} and {} values were given for pictures of {} channels", mean.size(),
                                  stddev.size(), channels));
  }
  for (std::size_t c = 0; c < expected; ++c) {
    const double centre = mean.empty() ? 0.0 : mean[c];
    const double scale = stddev.empty() ? 1.0 : stddev[c];
    if (!std::isfinite(centre) || !std::isfinite(scale) || scale <= 0) {
      throw spec::Error(spec::ErrorKind::kUsage, "mean, std",
                        fmt::format("{} and {} were given", centre, scale),
                        "The standard deviation must be positive, both finite.");
    }
    Table& table = tables_.emplace_back();
    for (int value = 0; value < 256; ++value)
      table[value] = static_cast<float>((value / 255.0 - centre) / scale);
  }
}

void Normalizer::convert(const Picture& picture, const Window& window, float* out) const {
  const int channels = picture.channels, side = window.side;
  assert(static_cast<std::size_t>(channels) == tables_.size());
  const int left = std::max(window.left, 0), right = std::min(window.left + side, picture.width);
  const int top = std::max(window.top, 0), bottom = std::min(window.top + side, picture.height);
  const std::size_t row_floats = static_cast<std::size_t>(side) * channels;
  if (right - left != side || bottom - top != side) std::fill_n(out, row_floats * side, 0.0F);
  if (right <= left) return;

  const int skipped =
      window.mirrored ? window.left + side - right : left - window.left;  // columns of padding
  for (int y = top; y < bottom; ++y) {
    const std::uint8_t* in = &picture.pixels[(static_cast<std::size_t>(y) * picture.width + left) * channels];
    float* row = out + (y - window.top) * row_floats + static_cast<std::size_t>(skipped) * channels;
    if (channels == 1) {
      convert_row<1>(in, right - left, window.mirrored, tables_.data(), row);
    } else {
      convert_row<3>(in, right - left, window.mirrored, tables_.data(), row);
    }
  }
}

}  // namespace effnet::data
