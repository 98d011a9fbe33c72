// The staged rows of a depthwise kernel: some rows of a map, of one chunk of channels, on their way from global memory as
// they are stored, and then in shared memory as the floats that the taps are multiplied with. The copy of the next rows
// is under way while these are computed. A thread finishes the pieces that it has asked for itself, so their arrival
// needs no barrier.
//
// A piece is 8 channels of one pixel; pixels lie (row, picture, column), pieces (pixel, 4).
#pragma once

#include "cuda/depthwise_plan.h"
#include "cuda/device/values.h"

namespace effnet::cuda {

constexpr int kPiece = 8, kPieces = kChunk / kPiece;

// One map, seen from an item of a block's chunk.
struct StagedWindow {
  int height, width, channels;  // of the map
  int pictures;                 // that there are from the item's first one
  int pieces;                   // of the chunk that there are
  int first_row, first_column;  // of the map at the staged corner; may lie outside
};

// Calls visit(slot, offset) for this thread's pieces of `rows` rows; offset is that of the piece in values from the
// item's first picture and the chunk's first channel, or -1 outside of the map.
template <class Visit>
__device__ __forceinline__ void each_piece(const DepthwisePlan& plan, const StagedWindow& window,
                                           Visit&& visit) {
  const int pieces = plan.step_rows * plan.pictures * plan.staged_columns * kPieces;
#pragma unroll 1
  for (int slot = static_cast<int>(threadIdx.x); slot < pieces; slot += static_cast<int>(blockDim.x)) {
    const int pixel = slot / kPieces, piece = slot % kPieces;
    const int row = plan.staged_row.divide(pixel);
    const int in_row = pixel - row * plan.pictures * plan.staged_columns;
    const int picture = plan.staged_picture.divide(in_row);
    const int y = window.first_row + row, x = window.first_column + in_row - picture * plan.staged_columns;
    const bool inside = y >= 0 && y < window.height && x >= 0 && x < window.width &&
                        picture < window.pictures && piece < window.pieces;
    const int offset = ((picture * window.height + y) * window.width + x) * window.channels + piece * kPiece;
    visit(slot, inside ? offset : -1);
  }
}

// Asks for 8 values stored as T.
template <class T>
__device__ __forceinline__ void ask_for_piece(T* shared, const T* global) {
  constexpr int kValues = 16 / sizeof(T);
#pragma unroll
  for (int at = 0; at < kPiece; at += kValues) copy_16_to_shared(shared + at, global + at);
}

// V values stored as T in shared memory.
template <class T, int V>
__device__ __forceinline__ void take(const T* shared, float (&values)[V]) {
  unpack<T, V>(*reinterpret_cast<const Word<T, V>*>(shared), values);
}

// The chunk of a channel vector (C) in shared memory; `otherwise` where there are no channels or no vector.
__device__ __forceinline__ void stage_channels(float* shared, const float* vector, int first, int channels,
                                               float otherwise) {
  for (int c = static_cast<int>(threadIdx.x); c < kChunk; c += static_cast<int>(blockDim.x))
    shared[c] = vector && first + c < channels ? load_global<float>(vector + first + c) : otherwise;
}

// The chunk's weights (channel, k, k) in shared memory, 0 where there are no channels.
__device__ __forceinline__ void stage_weights(float* shared, const float* weights, int first, int channels,
                                              int taps) {
  const int there = (channels - first < kChunk ? channels - first : kChunk) * taps;
  for (int i = static_cast<int>(threadIdx.x); i < kChunk * taps; i += static_cast<int>(blockDim.x))
    shared[i] = i < there ? load_global<float>(weights + first * taps + i) : 0.0f;
}

// Where an item lies.
struct Item {
  int picture, first_row, rows_end, first_column;  // in cells, without the plan's own first row and column
};

__device__ __forceinline__ Item item_of(const DepthwisePlan& plan, int number) {
  const int tile = number % plan.tiles_across, rest = number / plan.tiles_across;
  const int segment = rest % plan.segments, first_row = segment * plan.segment_rows;
  const int end = first_row + plan.segment_rows;
  return {rest / plan.segments * plan.pictures, first_row, end < plan.rows ? end : plan.rows,
          tile * plan.tile_width};
}

// A thread's place in its block: V channels of one column of cells.
template <int V>
struct Place {
  static constexpr int kLanes = kChunk / V;
  int lane = static_cast<int>(threadIdx.x) % kLanes, column = static_cast<int>(threadIdx.x) / kLanes;
};

}  // namespace effnet::cuda
