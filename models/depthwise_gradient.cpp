#include "models/depthwise_gradient.h"

#include <algorithm>

namespace effnet::models {
namespace {

// `Width` neighbouring channels; loads need no alignment.
template <int Width>
struct Vector {
  typedef float Type __attribute__((vector_size(Width * sizeof(float)), aligned(4), may_alias));
};

// Output columns first .. last - 1 for which tap `j` falls into the picture.
struct Columns {
  std::int64_t first, last;
};

inline Columns columns_of(const DepthwiseShape& s, int j) {
  const std::int64_t shift = j - s.pad_left;  // input column = x * stride + shift
  const std::int64_t first = shift >= 0 ? 0 : (-shift + s.stride - 1) / s.stride;
  const std::int64_t last = s.in_width - shift <= 0 ? 0 : (s.in_width - shift + s.stride - 1) / s.stride;
  return {std::min(first, s.out_width), std::clamp(last, std::int64_t{0}, s.out_width)};
}

// The K sums of one row of taps over all pictures, for the channels from `c`.
template <int K, int Width>
__attribute__((always_inline)) inline void row_of_taps(const DepthwiseShape& s, const float* input,
                                                       const float* gradient, float* weight_gradient,
                                                       std::int64_t c, int i) {
  using V = typename Vector<Width>::Type;
  Columns columns[K];
  Columns all{0, s.out_width};  // where every tap falls into the picture
  for (int j = 0; j < K; ++j) {
    columns[j] = columns_of(s, j);
    all = {std::max(all.first, columns[j].first), std::min(all.last, columns[j].last)};
  }
  all.last = std::max(all.last, all.first);
  V sums[K] = {};
  const std::int64_t C = s.channels, step = s.stride * C;
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for (std::int64_t y = 0; y < s.out_height; ++y) {
      const std::int64_t row = y * s.stride + i - s.pad_top;
      if (row < 0 || row >= s.in_height) continue;
      const float* in = input + (n * s.in_height + row) * s.in_width * C + c - s.pad_left * C;
      const float* out = gradient + (n * s.out_height + y) * s.out_width * C + c;
      const auto at_border = [&](std::int64_t x) {
        for (int j = 0; j < K; ++j) {
          if (x >= columns[j].first && x < columns[j].last)
            sums[j] +=
                *reinterpret_cast<const V*>(in + x * step + j * C) * *reinterpret_cast<const V*>(out + x * C);
        }
      };
      for (std::int64_t x = 0; x < all.first; ++x) at_border(x);
      for (std::int64_t x = all.first; x < all.last; ++x) {
        const V g = *reinterpret_cast<const V*>(out + x * C);
        for (int j = 0; j < K; ++j) sums[j] += *reinterpret_cast<const V*>(in + x * step + j * C) * g;
      }
      for (std::int64_t x = all.last; x < s.out_width; ++x) at_border(x);
    }
  }
  for (int j = 0; j < K; ++j) {
    for (int lane = 0; lane < Width; ++lane) weight_gradient[((c + lane) * K + i) * K + j] = sums[j][lane];
  }
}

template <int K>
__attribute__((always_inline)) inline void all_taps(const DepthwiseShape& s, const float* input,
                                                    const float* gradient, float* weight_gradient,
                                                    std::int64_t first, std::int64_t last) {
  for (int i = 0; i < K; ++i) {
    std::int64_t c = first;
    for (; c + 16 <= last; c += 16) row_of_taps<K, 16>(s, input, gradient, weight_gradient, c, i);
    for (; c + 8 <= last; c += 8) row_of_taps<K, 8>(s, input, gradient, weight_gradient, c, i);
    for (; c + 4 <= last; c += 4) row_of_taps<K, 4>(s, input, gradient, weight_gradient, c, i);
    for (; c < last; ++c) row_of_taps<K, 1>(s, input, gradient, weight_gradient, c, i);
  }
}

}  // namespace

__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void depthwise_weight_gradient(
    const DepthwiseShape& shape, const float* input, const float* output_gradient, float* weight_gradient,
    std::int64_t first, std::int64_t last) {
  switch (shape.kernel) {
    case 3:
      return all_taps<3>(shape, input, output_gradient, weight_gradient, first, last);
    case 5:
      return all_taps<5>(shape, input, output_gradient, weight_gradient, first, last);
    case 7:
      return all_taps<7>(shape, input, output_gradient, weight_gradient, first, last);
    default:
      return;
  }
}

}  // namespace effnet::models
