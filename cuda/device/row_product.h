// Products of rows in shared memory by one warp, sixteen rows by the columns of some tiles of 8, the sums as
// device/matrix.h lays them out. Unlike the panels of device/panel_product.h a row is as long as the product, and the next
// one begins an odd number of pieces of 16 bytes behind it, so that eight rows of one piece are in different banks without
// being turned.
#pragma once

#include "cuda/device/panel_product.h"

namespace effnet::cuda {

// sum[t] += left (16, depth) * right^T, right (8 * kTiles, depth); `row` numbers from one row to the next of both. What
// lies behind `depth` is 0 up to the next multiple of 16.
template <int kTiles>
__device__ __forceinline__ void multiply_rows(float (&sum)[kTiles][4], const Bfloat16* left,
                                              const Bfloat16* right, int row, int depth) {
  const MatrixRow of_a = downwards(), of_b = sideways();
  const Bfloat16* a_at = left + of_a.row * row + 8 * of_a.piece;
  const Bfloat16* b_at = right + of_b.row * row + 8 * of_b.piece;
#pragma unroll 1
  for (int k = 0; k < depth; k += 16) {
    std::uint32_t a[4];
    load_matrices(a_at + k, a);
#pragma unroll
    for (int tile = 0; tile < kTiles; tile += 2) {
      std::uint32_t b[4];
      load_matrices(b_at + (8 * tile * row + k), b);
      multiply_matrices(sum[tile], a, {b[0], b[1]});
      multiply_matrices(sum[tile + 1], a, {b[2], b[3]});
    }
  }
}

// As float, for the reasons of device/panel_product.h; `depth` is a multiple of 4.
template <int kTiles>
__device__ __forceinline__ void multiply_rows(float (&sum)[kTiles][4], const float* left, const float* right,
                                              int row, int depth) {
  const int q = lane_of() / 4, p = 2 * (lane_of() % 4);
#pragma unroll 1
  for (int k = 0; k < depth; k += 4) {
    float above[4], below[4];
    load_shared(left + q * row + k, above);
    load_shared(left + (q + 8) * row + k, below);
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float column[4];
        load_shared(right + (8 * tile + p + i) * row + k, column);
#pragma unroll
        for (int v = 0; v < 4; ++v) {
          sum[tile][i] += above[v] * column[v];
          sum[tile][2 + i] += below[v] * column[v];
        }
      }
    }
  }
}

}  // namespace effnet::cuda
