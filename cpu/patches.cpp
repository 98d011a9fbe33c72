#include "cpu/patches.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

// visit(offset in the patch, offset in the map, floats; offset -1 where the patch lies outside) for every row of taps of
// every pixel, a run of columns at a time.
template <class Visit>
void each_run(const kernels::ConvShape& s, Range pixels, Visit&& visit) {
  const Index C = s.in_channels;
  for (Index pixel = pixels.first; pixel < pixels.last; ++pixel) {
    const Index top = pixel / s.out_width * s.stride - s.pad_top,
                left = pixel % s.out_width * s.stride - s.pad_left;
    const Index first = std::clamp<Index>(-left, 0, s.kernel),
                last = std::clamp<Index>(s.width - left, first, s.kernel);
    for (Index i = 0; i < s.kernel; ++i) {
      const Index row = top + i, patch = i * s.kernel * C;
      if (row < 0 || row >= s.height || first == last) {
        visit(pixel - pixels.first, patch, -1, s.kernel * C);
        continue;
      }
      if (first > 0) visit(pixel - pixels.first, patch, -1, first * C);
      visit(pixel - pixels.first, patch + first * C, (row * s.width + left + first) * C, (last - first) * C);
      if (last < s.kernel) visit(pixel - pixels.first, patch + last * C, -1, (s.kernel - last) * C);
    }
  }
}

// Runs are short (9 floats of a 3x3 stem on colours): a call of memcpy would cost more than the copy.
[[gnu::optimize("no-tree-loop-distribute-patterns")]] void copy_run(const float* from, Index count,
                                                                    float* to) {
  for (Index i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace

void gather_patches(const kernels::ConvShape& shape, const float* x, Range pixels, float* patches,
                    Index row) {
  each_run(shape, pixels, [&](Index pixel, Index patch, Index map, Index count) {
    float* out = patches + pixel * row + patch;
    if (map < 0)
      std::fill_n(out, count, 0.0f);
    else
      copy_run(x + map, count, out);
  });
}

void scatter_patches(const kernels::ConvShape& shape, const float* patches, Index row, Range pixels,
                     float* x) {
  each_run(shape, pixels, [&](Index pixel, Index patch, Index map, Index count) {
    if (map < 0) return;
    const float* in = patches + pixel * row + patch;
    for (Index i = 0; i < count; ++i) x[map + i] += in[i];
  });
}

}  // namespace effnet::cpu
