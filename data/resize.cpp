#include "data/resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace effnet::data {
namespace {

template <int kChannels>
void resize_row(const float* in, int out_size, int taps, const int* first, const float* weights, float* out) {
  for (int x = 0; x < out_size; ++x, weights += taps, out += kChannels) {
    const float* from = in + static_cast<std::ptrdiff_t>(first[x]) * kChannels;
    float sum[kChannels] = {};
    for (int k = 0; k < taps; ++k) {
      for (int c = 0; c < kChannels; ++c) sum[c] += weights[k] * from[k * kChannels + c];
    }
    for (int c = 0; c < kChannels; ++c) out[c] = sum[c];
  }
}

}  // namespace

Resizer::Resizer(int in_size, int out_size) : in_size_(in_size), out_size_(out_size), taps_(1) {
  assert(in_size > 0 && out_size > 0);
  const double scale = static_cast<double>(in_size) / out_size, support = std::max(scale, 1.0);
  struct Range {
    double centre;
    int begin, end;
  };
  std::vector<Range> ranges;
  for (int x = 0; x < out_size; ++x) {
    const double centre = (x + 0.5) * scale;
    ranges.push_back({centre, std::max(0, static_cast<int>(centre - support + 0.5)),
                      std::min(in_size, static_cast<int>(centre + support + 0.5))});
    taps_ = std::max(taps_, ranges.back().end - ranges.back().begin);
  }
  weights_.assign(static_cast<std::size_t>(out_size) * taps_, 0.0F);
  for (int x = 0; x < out_size; ++x) {
    const auto [centre, begin, end] = ranges[x];
    const auto weight = [&, c = centre](int i) { return std::max(0.0, 1 - std::abs(i + 0.5 - c) / support); };
    double sum = 0;
    for (int i = begin; i < end; ++i) sum += weight(i);
    first_.push_back(std::min(begin, in_size - taps_));  // so that all taps, zero ones too, lie inside
    float* weights = &weights_[static_cast<std::size_t>(x) * taps_];
    for (int i = begin; i < end; ++i) weights[i - first_[x]] = static_cast<float>(weight(i) / sum);
  }
}

void Resizer::run(const float* in, int channels, float* out, std::vector<float>& scratch) const {
  const std::size_t row = static_cast<std::size_t>(in_size_) * channels;
  scratch.resize(row);
  for (int y = 0; y < out_size_; ++y, out += static_cast<std::size_t>(out_size_) * channels) {
    const float* weights = &weights_[static_cast<std::size_t>(y) * taps_];
    const float* from = in + first_[y] * row;
    for (std::size_t x = 0; x < row; ++x) scratch[x] = weights[0] * from[x];
    for (int k = 1; k < taps_; ++k) {
      if (weights[k] == 0) continue;
      for (std::size_t x = 0; x < row; ++x) scratch[x] += weights[k] * from[k * row + x];
    }
    if (channels == 1) {
      resize_row<1>(scratch.data(), out_size_, taps_, first_.data(), weights_.data(), out);
    } else {
      resize_row<3>(scratch.data(), out_size_, taps_, first_.data(), weights_.data(), out);
    }
  }
}

}  // namespace effnet::data
