// Two sums over a map a channel, which lanes gathered while they stored strips: those of lane and warp become a block's row.
#pragma once

#include "cuda/device/strip.h"

namespace effnet::cuda {

// The lanes 0 to 7 get the sum over the warp's lanes that have the same channels.
template <int V>
__device__ __forceinline__ void add_lanes(float (&values)[V]) {
#pragma unroll
  for (int apart = kPanelPieces; apart < 32; apart *= 2) {
#pragma unroll
    for (int v = 0; v < V; ++v) values[v] += __shfl_down_sync(0xFFFFFFFFu, values[v], apart);
  }
}

// The block's row of sums, over its warps in their order, into `row` (2, channels), which begins at the block's first
// channel. `shared` has room for 2 * 8 panels of floats.
template <class T>
__device__ __forceinline__ void store_sums(float* shared, float* row, int channels, int width,
                                           float (&first)[kVector<T>], float (&second)[kVector<T>]) {
  __syncthreads();
  const auto put_warp = [&](int i, float(&values)[kVector<T>]) {
    add_lanes(values);
    float* to = shared + (2 * warp_of() + i) * kPanel<T> + piece_of_lane() * kVector<T>;
#pragma unroll
    for (int v = 0; v < kVector<T>; ++v) {
      if (lane_of() < kPanelPieces) to[v] = values[v];
    }
  };
  put_warp(0, first);
  put_warp(1, second);
  __syncthreads();
  const int column = static_cast<int>(threadIdx.x);
  if (column >= width) return;
  for (int i = 0; i < 2; ++i) {
    float sum = 0;
    for (int warp = 0; warp < kStripsABlock; ++warp) sum += shared[(2 * warp + i) * kPanel<T> + column];
    store_global(row + (i * channels + column), sum);
  }
}

}  // namespace effnet::cuda
