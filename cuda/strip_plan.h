// How rows (pixels) of a product with a matrix are cut. A warp takes 16 rows at a time, a strip, and walks down the strips
// of its items; an item is a picture or a segment of one. The eight warps of a block walk side by side. Blocks are as many
// as the processors hold at once, so that each can keep its weights in shared memory for all of its rows.
//
// Channels are multiplied a panel at a time: 128 bytes, 64 bfloat16 or 32 floats. Depends on the shape alone, so sums are
// the same bits on every device.
#pragma once

#include "cuda/storage.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::Index;

constexpr int kStripRows = 16, kStripsABlock = 8;
constexpr int kBlockRows = kStripsABlock * kStripRows;  // that a block has under way
constexpr int kPanelBytes = 128;
constexpr int kStripBytes = kStripRows * kPanelBytes;                // of one panel
constexpr std::size_t kBlockOfStrips = kStripsABlock * kStripBytes;  // of one panel
constexpr std::size_t kMostShared = 163 * 1024;                      // of a block, compute capability 8.0
constexpr Index kMostRows = Index{1} << 30;                          // of a map, not reached

struct StripPlan {
  int pictures = 0, pixels = 0;  // of a picture; all rows may be one picture
  int strips = 0, segments = 0;  // of a segment, of a picture
  int items = 0, rounds = 0,
      parts = 0;  // pictures * segments; rows of eight items a block; blocks along the rows
};

// At most `most_parts` blocks, segments of `fewest` strips or whole pictures.
StripPlan plan_strips(Index pictures, Index pixels, Index most_parts, Index fewest);

// Channels in even chunks of up to `most`, multiples of 8.
struct ChannelChunks {
  int width = 0, chunks = 0;
};
ChannelChunks cut_channels(Index channels, int most);

inline Index divide_up(Index a, Index b) {
  return (a + b - 1) / b;
}

constexpr int panel_channels(Storage storage) {
  return kPanelBytes / static_cast<int>(bytes_of(storage));
}

}  // namespace effnet::cuda
