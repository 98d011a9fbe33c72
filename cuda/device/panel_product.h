// Products of panels in shared memory (device/strip.h) by one warp, tiles of 16 rows and 8 columns, the sums of each as
// device/matrix.h lays them out. bfloat16 goes through the tensor cores. Float is multiplied as float: tensor cores would
// round it to 11 bits, and to put it together from three such products costs more code than the storage is worth here, as
// bfloat16 is what is fast; the layout of the sums is the same, so all else is shared.
//
// `tiles` says how many of the tiles there are, `depth` how long the products are: no longer than a panel, whatever it
// says, and what lies behind it is 0 up to the next multiple of 16.
#pragma once

#include "cuda/device/matrix.h"
#include "cuda/device/strip.h"

namespace effnet::cuda {

// Where a lane finds its row of four matrices of 8 rows by one piece, two in a row of a panel: matrices 0 and 1 are one
// below the other and 2 and 3 beside them, or 0 and 1 are beside each other and 2 and 3 below.
struct MatrixRow {
  int row, piece;
};
__device__ __forceinline__ MatrixRow downwards() {
  return {lane_of() & 15, lane_of() / 16};
}
__device__ __forceinline__ MatrixRow sideways() {
  return {lane_of() / 16 * 8 + (lane_of() & 7), lane_of() / 8 & 1};
}

// sum[t] += left (16, depth) * right^T, right (8 * tiles, depth).
template <int kTiles>
__device__ __forceinline__ void multiply_by_rows(float (&sum)[kTiles][4], const Bfloat16* left,
                                                 const Bfloat16* right, int tiles, int depth) {
  const MatrixRow of_a = downwards(), of_b = sideways();
#pragma unroll 1
  for (int piece = 0; piece < kPanelPieces && 8 * piece < depth; piece += 2) {
    std::uint32_t a[4];
    load_matrices(piece_at(left, of_a.row, piece + of_a.piece), a);
    const Bfloat16* rows = piece_at(right, of_b.row, piece + of_b.piece);
#pragma unroll
    for (int tile = 0; tile < kTiles; tile += 2) {
      if (tile >= tiles) break;
      std::uint32_t b[4];
      load_matrices(rows + 8 * tile * kPanel<Bfloat16>, b);
      multiply_matrices(sum[tile], a, {b[0], b[1]});
      if (tile + 1 < tiles) multiply_matrices(sum[tile + 1], a, {b[2], b[3]});
    }
  }
}

// sum[t] += left (16, depth) * right, right (depth, 8 * tiles).
template <int kTiles>
__device__ __forceinline__ void multiply_by_columns(float (&sum)[kTiles][4], const Bfloat16* left,
                                                    const Bfloat16* right, int tiles, int depth) {
  const MatrixRow of_a = downwards(), of_b = downwards();
#pragma unroll 1
  for (int piece = 0; piece < kPanelPieces && 8 * piece < depth; piece += 2) {
    std::uint32_t a[4];
    load_matrices(piece_at(left, of_a.row, piece + of_a.piece), a);
#pragma unroll
    for (int tile = 0; tile < kTiles; tile += 2) {
      if (tile >= tiles) break;
      std::uint32_t b[4];
      load_matrices_transposed(piece_at(right, 8 * piece + of_b.row, tile + of_b.piece), b);
      multiply_matrices(sum[tile], a, {b[0], b[1]});
      if (tile + 1 < tiles) multiply_matrices(sum[tile + 1], a, {b[2], b[3]});
    }
  }
}

// sum[t] += left^T * right over `rows` rows, a multiple of 16: columns [16 m, 16 m + 16) of left by the columns of the
// tiles `first` + t of right.
template <int kTiles>
__device__ __forceinline__ void multiply_transposed(float (&sum)[kTiles][4], const Bfloat16* left, int m,
                                                    const Bfloat16* right, int first, int tiles, int rows) {
  const MatrixRow of_a = sideways(), of_b = downwards();
#pragma unroll 2
  for (int row = 0; row < rows; row += 16) {
    std::uint32_t a[4];
    load_matrices_transposed(piece_at(left, row + of_a.row, 2 * m + of_a.piece), a);
#pragma unroll
    for (int t = 0; t < kTiles; t += 2) {
      if (first + t >= tiles) break;
      std::uint32_t b[4];
      load_matrices_transposed(piece_at(right, row + of_b.row, first + t + of_b.piece), b);
      multiply_matrices(sum[t], a, {b[0], b[1]});
      if (first + t + 1 < tiles) multiply_matrices(sum[t + 1], a, {b[2], b[3]});
    }
  }
}

template <int kTiles>
__device__ __forceinline__ void multiply_by_rows(float (&sum)[kTiles][4], const float* left,
                                                 const float* right, int tiles, int depth) {
  const int q = lane_of() / 4, p = 2 * (lane_of() % 4);
#pragma unroll 1
  for (int piece = 0; piece < kPanelPieces && 4 * piece < depth; ++piece) {
    float above[4], below[4];
    load_shared(piece_at(left, q, piece), above);
    load_shared(piece_at(left, q + 8, piece), below);
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
      if (tile >= tiles) break;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float column[4];
        load_shared(piece_at(right, 8 * tile + p + i, piece), column);
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          sum[tile][i] += above[k] * column[k];
          sum[tile][2 + i] += below[k] * column[k];
        }
      }
    }
  }
}

// Numbers p and p + 1 of a tile's row.
__device__ __forceinline__ void load_pair(const float* panel, int row, int tile, float (&pair)[2]) {
  const int p = 2 * (lane_of() % 4);
  load_shared(piece_at(panel, row, 2 * tile + p / 4) + p % 4, pair);
}

template <int kTiles>
__device__ __forceinline__ void multiply_by_columns(float (&sum)[kTiles][4], const float* left,
                                                    const float* right, int tiles, int depth) {
  const int q = lane_of() / 4;
#pragma unroll 1
  for (int piece = 0; piece < kPanelPieces && 4 * piece < depth; ++piece) {
    float above[4], below[4];
    load_shared(piece_at(left, q, piece), above);
    load_shared(piece_at(left, q + 8, piece), below);
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
      if (tile >= tiles) break;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        float pair[2];
        load_pair(right, 4 * piece + k, tile, pair);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          sum[tile][i] += above[k] * pair[i];
          sum[tile][2 + i] += below[k] * pair[i];
        }
      }
    }
  }
}

template <int kTiles>
__device__ __forceinline__ void multiply_transposed(float (&sum)[kTiles][4], const float* left, int m,
                                                    const float* right, int first, int tiles, int rows) {
  const int column = 16 * m + lane_of() / 4;
#pragma unroll 4
  for (int row = 0; row < rows; ++row) {
    const float above = *(piece_at(left, row, column / 4) + column % 4);
    const float below = *(piece_at(left, row, column / 4 + 2) + column % 4);
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      if (first + t >= tiles) break;
      float pair[2];
      load_pair(right, row, first + t, pair);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        sum[t][i] += above * pair[i];
        sum[t][2 + i] += below * pair[i];
      }
    }
  }
}

}  // namespace effnet::cuda
