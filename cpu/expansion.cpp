#include "cpu/expansion.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

// One tile of each group of channels.
std::vector<const DepthwiseTile*> first_of_groups(const DepthwiseTiles& tiles) {
  std::vector<const DepthwiseTile*> first;
  for (const DepthwiseTile& tile : tiles.tiles()) {
    if (tile.out_rows.first == 0) first.push_back(&tile);
  }
  return first;
}

}  // namespace

Index Expansion::panels_size(const KernelTable& kernels, const MBConvShape& shape,
                             const DepthwiseTiles& tiles) {
  if (!expands_again(shape)) return 0;
  Index size = 0;
  for (const DepthwiseTile* tile : first_of_groups(tiles))
    size += Carver::size_of(kernels.packed_size(shape.in_channels, tile->channels.size()));
  return size;
}

Expansion::Expansion(const KernelTable& kernels, const MBConvShape& shape, const DepthwiseTiles& tiles,
                     const float* x, const float* weights, const float* stored, float* panels)
    : shape_(shape), x_(x), stored_(stored) {
  if (!expands_again(shape)) return;
  const Index in = shape.in_channels;
  Carver carver(panels);
  for (const DepthwiseTile* tile : first_of_groups(tiles)) {
    const Index channels = tile->channels.size();
    packed_.emplace_back(kernels, in, channels, weights + tile->channels.first * in,
                         PackedMatrix::Source::kTransposed, carver.take(kernels.packed_size(in, channels)));
  }
}

ConstRows Expansion::rows(Index n, Range map_rows, const DepthwiseTile& tile, float* memory) const {
  const DepthwiseShape& shape = shape_.depthwise;
  const Index pixel = (n * shape.height + map_rows.first) * shape.width;
  if (!shape_.expands) return {x_ + pixel * shape.channels + tile.channels.first, shape.channels};
  if (!expands_again(shape_)) return {stored_ + pixel * shape.channels + tile.channels.first, shape.channels};
  const Index in = shape_.in_channels, channels = tile.channels.size();
  packed_[static_cast<std::size_t>(tile.group)].multiply(map_rows.size() * shape.width, {x_ + pixel * in, in},
                                                         {memory, channels});
  return {memory, channels};
}

}  // namespace effnet::cpu
