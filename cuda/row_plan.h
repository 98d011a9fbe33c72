// How the work of a kernel that passes over a map (N, P, C) row by row is cut, P pixels a picture. A row is the channels
// of a pixel; a thread takes 16 bytes of it at a time, `lanes` neighbouring threads a row or a chunk of one, and walks
// down the rows of an item. So what belongs to a channel stays in registers.
//
//   item   some rows of one picture: all of them, or segments where that gives too few blocks
//   part   the items of a block, which leaves one row of sums: a segment, a whole picture, or as many items of the map
//          as leave about kRowBlocks blocks
//
// Depends on the shape and the storage alone, so sums are the same bits on every device.
#pragma once

#include "cuda/storage.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::Index;

constexpr int kRowThreads = 256;  // of a block, at most
constexpr int kMostLanes = 32;    // 512 bytes of a row
constexpr int kRowBlocks = 1056;  // eight for each of the 132 processors of an H100 or H200

struct RowShape {
  Index batch = 0, pixels = 0, channels = 0;

  Index rows() const { return batch * pixels; }
};

enum class RowCut { kSegments, kPictures, kMap };  // what a part is

struct RowPlan {
  int batch = 0, pixels = 0, channels = 0;
  int chunks = 0, lanes = 0, rows_at_once = 0, threads = 0;  // threads a multiple of 32
  int segment_rows = 0, segments = 0;                        // of a picture
  int items = 0, items_a_part = 0, parts = 0;
};

constexpr int vector_channels(Storage storage) {
  return static_cast<int>(16 / bytes_of(storage));
}

// Throws std::invalid_argument for channels that are no multiple of 8, pictures of 2^31 values or more, empty maps.
RowPlan plan_rows(const RowShape& shape, Storage storage, RowCut cut);

// One number of every thread and channel.
std::size_t row_shared_bytes(const RowPlan& plan, Storage storage);

}  // namespace effnet::cuda
