// The second stage of a convolution's weight gradient: rows of (taps, C), one a part, become (C, taps).
#pragma once

#include "cuda/device/part_sums.h"

namespace effnet::cuda {

struct TapSums {
  int channels, taps;
  Index parts;
  const float* weight_parts;  // (parts, taps, C)
  float* weight_gradient;     // (C, taps), written
};

namespace {

__global__ void __launch_bounds__(kJoinThreads, 1) weight_gradient_join(const TapSums g) {
  auto* shared = static_cast<double*>(dynamic_shared());
  const int tap = static_cast<int>(blockIdx.y);
  const Index c = static_cast<Index>(blockIdx.x) * 32 + threadIdx.x % 32;
  const bool there = c < g.channels;
  const double sum = join_parts(
      shared, there ? g.parts : 0,
      [&](Index part) -> double {
        return load_global<float>(g.weight_parts + (part * g.taps + tap) * g.channels + c);
      },
      [](double& all, double part) { all += part; });
  if (threadIdx.x < 32 && there) store_global(g.weight_gradient + c * g.taps + tap, static_cast<float>(sum));
}

inline void join_tap_sums(const TapSums& sums, Stream stream) {
  launch({.kernel = "weight_gradient_join",
          .blocks_x = static_cast<unsigned>((sums.channels + 31) / 32),
          .blocks_y = static_cast<unsigned>(sums.taps),
          .threads = kJoinThreads,
          .shared_bytes = kJoinThreads * sizeof(double),
          .stream = stream},
         weight_gradient_join, sums);
}

}  // namespace
}  // namespace effnet::cuda
