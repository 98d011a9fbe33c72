// How a depthwise kernel's work is cut. A block takes one chunk of 32 channels and one part of the items; an item is some
// rows of some columns of cells of a picture, or of several narrow pictures side by side. A cell is what one thread
// computes at a time for a few channels: an output pixel going forward, stride x stride input pixels going back. Threads
// own columns of cells and walk down their rows.
//
//   chunk          32 channels: 64 bytes of bfloat16, two sectors, a burst of memory
//   parts          sums over a map leave a block as one row each, so there are at most about kTargetBlocks blocks
//   rows an item   whole columns, in segments where that gives too few blocks
//
// Depends on the shape alone, so sums are the same bits on every device.
#pragma once

#include "cuda/fast_divisor.h"
#include "cuda/storage.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::DepthwiseShape;
using kernels::Index;

constexpr int kChunk = 32;
constexpr int kThreads = 256;        // of a block, at most
constexpr int kTargetBlocks = 1056;  // eight for each of the 132 processors of an H100 or H200

struct DepthwisePlan {
  int first_row = 0, first_column = 0;  // of the cells
  int rows = 0, columns = 0;            // of cells in a picture
  int tile_width = 0, tiles_across = 0;
  int pictures = 0, picture_groups = 0;  // pictures side by side in an item
  int segment_rows = 0, segments = 0;
  int items = 0, items_a_part = 0, parts = 0;
  int chunks = 0;
  int threads = 0;         // a multiple of 32
  int step_rows = 0;       // staged at a time, rows of the staged map
  int staged_columns = 0;  // of a picture, with those that neighbours share
  FastDivisor staged_row, staged_picture;

  constexpr int staged_pixels() const { return step_rows * pictures * staged_columns; }
};

// Channels of one thread: as many as its weights, their gradients and its window leave registers for.
constexpr int forward_channels(int kernel) {
  return kernel == 3 ? 4 : kernel == 5 ? 2 : 1;
}
constexpr int backward_channels(int kernel) {
  return kernel == 3 ? 2 : 1;
}
// Rows of cells between two barriers.
constexpr int rows_a_step(int stride) {
  return stride == 1 ? 4 : 2;
}

// Throws std::invalid_argument for what the kernels do not do: kernel sizes other than 3, 5, 7, strides above 2,
// channels that are no multiple of 8, pictures of 2^31 values or more, empty maps.
DepthwisePlan plan_forward(const DepthwiseShape& shape);
DepthwisePlan plan_backward(const DepthwiseShape& shape);

// Shared memory of a block. Floats that hold the weights at first, then the staged rows, and at last what each warp has
// summed up: three moments a channel going forward, two sums and a gradient of each tap going back.
constexpr int shared_floats(int staged_pixels, int taps, int numbers_a_warp) {
  const int of_warps = numbers_a_warp * kThreads / 32, most = staged_pixels > taps ? staged_pixels : taps;
  return (most > of_warps ? most : of_warps) * kChunk;
}
constexpr int forward_floats(int staged_pixels, int taps) {
  return shared_floats(staged_pixels, taps, 3);
}
constexpr int backward_floats(int staged_pixels, int taps) {
  return shared_floats(staged_pixels, taps, 2 + taps);
}

// Behind them lie two or three numbers a channel and the staged rows as they are stored, of one map or of two, and where
// there is a gate two more numbers a channel, and two for each picture of an item.
std::size_t forward_shared_bytes(const DepthwiseShape& shape, Storage storage);
std::size_t backward_shared_bytes(const DepthwiseShape& shape, Storage storage, int maps, bool gated);
constexpr int gate_floats(const DepthwisePlan& plan) {
  return (2 + 2 * plan.pictures) * kChunk;
}

}  // namespace effnet::cuda
