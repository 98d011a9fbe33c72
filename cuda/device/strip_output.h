// What becomes of a strip of sums (device/matrix.h) that is a strip of a new map: bias and residual are added, it is stored,
// and the moments of its columns are kept, as they were stored. Each block leaves one row of moments.
#pragma once

#include "cuda/device/moments.h"
#include "cuda/device/strip.h"

namespace effnet::cuda {

struct StripOutput {
  int channels;
  const float* bias;     // (C) or null
  const void* residual;  // (rows, C) or null
  void* y;               // (rows, C), written
  float* moments;        // (blocks along the rows, 3, C) or null
};

// The columns of a panel that a lane has the moments of.
template <class T>
constexpr int kOwnColumns = kPanel<T> / 32;

// Stores one panel of a strip's sums, columns `first` and on of `width` that there are from there.
template <class T>
__device__ __forceinline__ void store_strip(const StripOutput& g, const HalfStrip<T>& half_strip,
                                            const float (*sums)[4], const Strip& strip, int first, int width,
                                            Moments<float> (&moments)[kOwnColumns<T>]) {
  constexpr int V = kVector<T>;
  const int column = piece_of_lane() * V;
  ShiftedSums<1> of_strip[kOwnColumns<T>] = {};
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (strip.rows <= 8 * half) break;
    __syncwarp();
    half_strip.put_sums(sums, half);
    __syncwarp();
#pragma unroll 1
    for (int i = 0; i < 2; ++i) {
      const int row = row_of_lane(2 * half + i);
      if (row >= strip.rows || column >= width) break;
      const Index at = (strip.row + row) * g.channels + first + column;
      float values[V];
      half_strip.take_row(row - 8 * half, values);
      if (g.bias) {
        float bias[V];
        load_numbers(g.bias + first + column, bias);
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] += bias[v];
      }
      if (g.residual) {
        float more[V];
        unpack<T, V>(load_global<uint4>(static_cast<const T*>(g.residual) + at), more);
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] += more[v];
      }
      const uint4 word = pack<T, V>(values);
      store_global(static_cast<T*>(g.y) + at, word);
      if (g.moments) {
        unpack<T, V>(word, values);
        half_strip.put_row(row - 8 * half, values);
      }
    }
    if (g.moments) {
      __syncwarp();
      const int rows = strip.rows - 8 * half < 8 ? strip.rows - 8 * half : 8;
#pragma unroll
      for (int own = 0; own < kOwnColumns<T>; ++own) {
        if (lane_of() + 32 * own >= width) continue;
        for (int row = 0; row < rows; ++row) {
          const float value[1] = {*half_strip.at(row, lane_of() + 32 * own)};
          of_strip[own].add(value);
        }
      }
    }
  }
#pragma unroll
  for (int own = 0; own < kOwnColumns<T>; ++own) {
    Moments<float> joined[1] = {moments[own]};
    of_strip[own].join_into(joined);
    moments[own] = joined[0];
  }
}

// The block's row of moments, over its warps in their order. `shared` has room for 3 * 8 * kPanels panels of floats.
template <class T, int kPanels>
__device__ __forceinline__ void store_moments(const StripOutput& g, float* shared, int first, int width,
                                              const Moments<float> (&moments)[kPanels][kOwnColumns<T>]) {
  constexpr int kColumns = kPanels * kPanel<T>;
  __syncthreads();
#pragma unroll
  for (int panel = 0; panel < kPanels; ++panel) {
#pragma unroll
    for (int own = 0; own < kOwnColumns<T>; ++own) {
      float* row = shared + 3 * kColumns * warp_of() + panel * kPanel<T> + 32 * own + lane_of();
      row[0] = moments[panel][own].count;
      row[kColumns] = moments[panel][own].mean;
      row[2 * kColumns] = moments[panel][own].squares;
    }
  }
  __syncthreads();
  const int column = static_cast<int>(threadIdx.x);
  if (column >= width) return;
  Moments<float> all;
  for (int warp = 0; warp < kStripsABlock; ++warp) {
    const float* row = shared + 3 * kColumns * warp + column;
    all.join({row[0], row[kColumns], row[2 * kColumns]});
  }
  float* out = g.moments + static_cast<Index>(blockIdx.y) * 3 * g.channels + first + column;
  store_global(out, all.count);
  store_global(out + g.channels, all.mean);
  store_global(out + 2 * g.channels, all.squares);
}

}  // namespace effnet::cuda
