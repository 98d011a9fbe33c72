// How the work of expand_depthwise.h is cut. A block takes a tile of outputs, of one picture or of several small ones, and
// walks through chunks of 32 channels: of each it makes the expanded tile in shared memory and convolves it there. The
// pixels of x that a tile needs are read into shared memory once for all of a block's chunks.
//
//   tile       what costs least in instructions of those that leave two blocks a processor; pixels that neighbours share
//              are expanded by both
//   chunks     all of a tile's, or shared by blocks where there would be too few of them
//   task       a column of a tile, or a segment of one, for the threads of a chunk's channels
//
// Depends on the shape alone, so sums are the same bits on every device.
#pragma once

#include "cuda/depthwise_plan.h"

namespace effnet::cuda {

struct ExpandDepthwisePlan {
  int rows = 0, columns = 0, pictures = 0;  // of a tile's outputs
  int tiles_down = 0, tiles_across = 0, picture_groups = 0;
  int segment_rows = 0, segments = 0;  // of a column
  int in_rows = 0, in_columns = 0;     // of a picture's expanded tile
  int row_pieces = 0;  // of 16 bytes, of a pixel of x and of a row of weights; 0 without expansion
  int pixels = 0;      // of x in a tile, at most; a multiple of 16
  int chunks = 0, chunks_a_block = 0, blocks_across = 0;

  int tiles() const { return tiles_down * tiles_across; }  // of a picture
  int blocks() const { return picture_groups * tiles() * blocks_across; }
  int cells() const { return pictures * in_rows * in_columns; }
  int tasks() const { return pictures * segments * columns; }
};

// Shared memory of a block, in bytes from its beginning. What a chunk needs lies there twice: of the chunk that is computed,
// and of the next.
struct ExpandDepthwiseMemory {
  int x = 0;          // (pixels, row_pieces)
  int expanded = 0;   // (pictures, in_rows, in_columns, 32)
  int places = 0;     // (pixels), where each lies in the expanded tile
  int task_sums = 0;  // (tasks, 32)
  int of_chunk = 0;   // the first of two
  int chunk_bytes =
      0;  // the expansion's weights (32, row_pieces), and floats: taps (32, k, k), four numbers a channel
  int bytes = 0;
};

// Without in_channels there is no expansion. Whether there is a tile that fits, and few pixels are expanded twice.
bool expands_in_place(const DepthwiseShape& shape, Index in_channels, Storage storage);

// Throws std::invalid_argument where not, and as plan_forward(DepthwiseShape).
ExpandDepthwisePlan plan_expand_depthwise(const DepthwiseShape& shape, Index in_channels, Storage storage);
ExpandDepthwiseMemory memory_of(const ExpandDepthwisePlan& plan, int kernel, Storage storage);

}  // namespace effnet::cuda
