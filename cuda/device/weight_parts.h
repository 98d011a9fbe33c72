// The second stage of a dense convolution's weight gradient: rows of all its weights, one a part, become one.
#pragma once

#include "cuda/device/part_sums.h"

namespace effnet::cuda {

struct WeightParts {
  Index weights;
  Index parts;
  const float* weight_parts;  // (parts, weights)
  float* weight_gradient;     // (weights), written
};

namespace {

__global__ void __launch_bounds__(kJoinThreads, 1) weight_parts_join(const WeightParts g) {
  auto* shared = static_cast<double*>(dynamic_shared());
  const Index i = static_cast<Index>(blockIdx.x) * 32 + threadIdx.x % 32;
  const bool there = i < g.weights;
  const double sum = join_parts(
      shared, there ? g.parts : 0,
      [&](Index part) -> double { return load_global<float>(g.weight_parts + (part * g.weights + i)); },
      [](double& all, double part) { all += part; });
  if (threadIdx.x < 32 && there) store_global(g.weight_gradient + i, static_cast<float>(sum));
}

inline void join_weight_parts(const WeightParts& sums, Stream stream) {
  launch({.kernel = "weight_parts_join",
          .blocks_x = static_cast<unsigned>((sums.weights + 31) / 32),
          .threads = kJoinThreads,
          .shared_bytes = kJoinThreads * sizeof(double),
          .stream = stream},
         weight_parts_join, sums);
}

}  // namespace
}  // namespace effnet::cuda
