// The zeros around a map: TensorFlow's SAME or the symmetric (k - 1) / 2.
//
//   SAME: out = ceil(in / stride), total = max((out - 1) * stride + k - in, 0), floor(total / 2) of it left and top,
//   the rest right and bottom (tensorflow/python/ops/nn_ops.py). Computed from the map that really comes in.
#pragma once

#include <algorithm>

#include "kernels/depthwise.h"

namespace effnet::kernels {

enum class Padding { kSame, kSymmetric };

struct SidePadding {
  Index before = 0, after = 0;  // pixels, left or top and right or bottom
};

inline SidePadding padding_of(Index size, int kernel, int stride, Padding padding) {
  if (padding == Padding::kSymmetric) return {(kernel - 1) / 2, (kernel - 1) / 2};
  const Index out = (size + stride - 1) / stride;
  const Index total = std::max<Index>((out - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

inline Index size_after(Index size, int kernel, int stride, Padding padding) {
  const SidePadding by = padding_of(size, kernel, stride, padding);
  return (size + by.before + by.after - kernel) / stride + 1;
}

}  // namespace effnet::kernels
