// A strip of a map in shared memory: 16 rows of one panel, 128 bytes of channels each, in pieces of 16 bytes. Piece p of row
// r lies at p ^ (r % 8), so eight rows of one piece, what a matrix is made of, are in different banks. A lane has the
// pieces lane % 8 of the rows lane / 8 + 4 i wherever it moves a strip, and finishes those that it has asked for itself.
#pragma once

#include "cuda/device/values.h"
#include "cuda/strip_plan.h"

namespace effnet::cuda {

template <class T>
constexpr int kPanel = kPanelBytes / static_cast<int>(sizeof(T));
template <class T>
constexpr int kVector = 16 / static_cast<int>(sizeof(T));                       // numbers of a piece
constexpr int kPanelPieces = 8, kStripPieces = kStripRows * kPanelPieces / 32;  // of a row, of a lane

__device__ __forceinline__ int lane_of() {
  return static_cast<int>(threadIdx.x) % 32;
}
__device__ __forceinline__ int warp_of() {
  return static_cast<int>(threadIdx.x) / 32;
}
__device__ __forceinline__ int piece_of_lane() {
  return lane_of() % kPanelPieces;
}
__device__ __forceinline__ int row_of_lane(int i) {
  return lane_of() / kPanelPieces + 4 * i;
}

template <class T>
__device__ __forceinline__ T* piece_at(T* panel, int row, int piece) {
  return panel + row * kPanel<T> + (piece ^ (row & 7)) * kVector<T>;
}

// A strip's place in its map; no rows where an item has fewer strips than its neighbours.
struct Strip {
  Index row;
  int rows;
  int item;
};

// The strip that this warp comes to as its block's `number`th row of strips.
__device__ __forceinline__ Strip strip_of(const StripPlan& plan, int number) {
  const int round = number / plan.strips, step = number - round * plan.strips;
  const int item = (static_cast<int>(blockIdx.y) * plan.rounds + round) * kStripsABlock + warp_of();
  if (item >= plan.items) return {0, 0, item};
  const int picture = item / plan.segments, segment = item - picture * plan.segments;
  const int first = (segment * plan.strips + step) * kStripRows, left = plan.pixels - first;
  return {static_cast<Index>(picture) * plan.pixels + first,
          left < 0            ? 0
          : left < kStripRows ? left
                              : kStripRows,
          item};
}

template <class T>
__device__ __forceinline__ void clear_piece(T* piece) {
  *reinterpret_cast<uint4*>(piece) = uint4{0, 0, 0, 0};
}

// Asks for the panel of a strip that begins at `first_channel`; 0 outside of the map.
template <class T>
__device__ __forceinline__ void ask_for_strip(T* panel, const T* map, const Strip& strip, int channels,
                                              int first_channel) {
  const int channel = first_channel + piece_of_lane() * kVector<T>;
  const T* from = map + (strip.row * channels + channel);
#pragma unroll
  for (int i = 0; i < kStripPieces; ++i) {
    const int row = row_of_lane(i);
    T* to = piece_at(panel, row, piece_of_lane());
    if (row < strip.rows && channel < channels) {
      copy_16_to_shared(to, from + row * channels);
    } else {
      clear_piece(to);
    }
  }
}

// The whole block asks for `rows` rows of one panel of a matrix of `channels` columns: `present` rows, `width` columns from
// `matrix` on, the rest 0.
template <class T>
__device__ __forceinline__ void ask_for_matrix(T* panel, const T* matrix, int channels, int rows, int present,
                                               int width) {
  for (int slot = static_cast<int>(threadIdx.x); slot < rows * kPanelPieces;
       slot += static_cast<int>(blockDim.x)) {
    const int row = slot / kPanelPieces, piece = slot % kPanelPieces;
    T* to = piece_at(panel, row, piece);
    if (row < present && piece * kVector<T> < width) {
      copy_16_to_shared(to, matrix + (static_cast<Index>(row) * channels + piece * kVector<T>));
    } else {
      clear_piece(to);
    }
  }
}

template <class T>
__device__ __forceinline__ void take(const T* piece, float (&values)[kVector<T>]) {
  unpack<T, kVector<T>>(*reinterpret_cast<const uint4*>(piece), values);
}

template <class T>
__device__ __forceinline__ void put(T* piece, const float (&values)[kVector<T>]) {
  *reinterpret_cast<uint4*>(piece) = pack<T, kVector<T>>(values);
}

// V numbers of a channel vector, a multiple of 4, at a multiple of 16 bytes.
template <int V>
__device__ __forceinline__ void load_numbers(const float* at, float (&values)[V]) {
#pragma unroll
  for (int v = 0; v < V; v += 4) {
    const auto word = load_global<uint4>(at + v);
    std::memcpy(values + v, &word, sizeof word);
  }
}

// Eight rows of sums, one panel wide, on their way from the lanes that multiplied to those that store. Groups of eight
// lie turned by the row, so that four rows of one group are in different banks.
template <class T>
struct HalfStrip {
  float* floats;  // (8, panel)

  __device__ __forceinline__ float* at(int row, int column) const {
    return floats + row * kPanel<T> + (column / 8 ^ (row & 3)) * 8 + column % 8;
  }

  // Of products that lie as device/matrix.h says: rows 8 * half and on.
  __device__ __forceinline__ void put_sums(const float (*sums)[4], int half) const {
#pragma unroll
    for (int tile = 0; tile < kPanel<T> / 8; ++tile) {
      const float pair[2] = {sums[tile][2 * half], sums[tile][2 * half + 1]};
      store_shared(at(lane_of() / 4, 8 * tile + 2 * (lane_of() % 4)), pair);
    }
  }

  // This lane's piece of a row.
  __device__ __forceinline__ void take_row(int row, float (&values)[kVector<T>]) const {
#pragma unroll
    for (int v = 0; v < kVector<T>; v += 4) {
      float part[4];
      load_shared(at(row, piece_of_lane() * kVector<T> + v), part);
#pragma unroll
      for (int i = 0; i < 4; ++i) values[v + i] = part[i];
    }
  }

  __device__ __forceinline__ void put_row(int row, const float (&values)[kVector<T>]) const {
#pragma unroll
    for (int v = 0; v < kVector<T>; v += 4) {
      const float part[4] = {values[v], values[v + 1], values[v + 2], values[v + 3]};
      store_shared(at(row, piece_of_lane() * kVector<T> + v), part);
    }
  }
};

}  // namespace effnet::cuda
