#include "cpu/expansion.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

Index group_panels(const KernelTable& kernels, const MBConvShape& shape, const DepthwiseTiles& tiles) {
  Index widest = 0;
  for (const DepthwiseTile& tile : tiles.tiles()) widest = std::max(widest, tile.channels.size());
  return Carver::size_of(kernels.packed_size(shape.in_channels, widest));
}

}  // namespace

Index Expansion::panels_size(const KernelTable& kernels, const MBConvShape& shape,
                             const DepthwiseTiles& tiles) {
  if (!expands_again(shape)) return 0;
  return group_panels(kernels, shape, tiles) * (tiles.tiles().back().group + 1);
}

Expansion::Expansion(const KernelTable& kernels, const MBConvShape& shape, const DepthwiseTiles& tiles,
                     const float* x, const float* weights, const float* stored, float* panels)
    : kernels_(kernels), shape_(shape), x_(x), stored_(stored), panels_(panels) {
  if (!expands_again(shape)) return;
  group_size_ = group_panels(kernels, shape, tiles);
  const Index in = shape.in_channels;
  for (const DepthwiseTile& tile : tiles.tiles()) {
    if (tile.out_rows.first > 0) continue;  // once a group
    kernels.pack_panels({.k = in,
                         .n = tile.channels.size(),
                         .source = weights + tile.channels.first * in,
                         .k_stride = 1,
                         .n_stride = in,
                         .panels = panels + tile.group * group_size_});
  }
}

Expansion::Rows Expansion::rows(Index n, Range map_rows, const DepthwiseTile& tile, float* memory) const {
  const DepthwiseShape& shape = shape_.depthwise;
  const Index pixel = (n * shape.height + map_rows.first) * shape.width;
  if (!shape_.expands) return {x_ + pixel * shape.channels + tile.channels.first, shape.channels};
  if (!expands_again(shape_)) return {stored_ + pixel * shape.channels + tile.channels.first, shape.channels};
  const Index in = shape_.in_channels, channels = tile.channels.size();
  kernels_.gemm({.m = map_rows.size() * shape.width,
                 .n = channels,
                 .k = in,
                 .a = x_ + pixel * in,
                 .a_row = in,
                 .b = panels_ + tile.group * group_size_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * in,
                 .c = memory,
                 .c_row = channels});
  return {memory, channels};
}

}  // namespace effnet::cpu
