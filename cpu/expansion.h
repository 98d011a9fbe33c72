// Where the depthwise convolution gets rows of y1 from: the stored map, the input itself where there is no expansion, or
// the product x W1 made again for the channels of one tile. Making it again costs Cin multiply-adds a value and spares
// the largest map of a block its way to memory and back, several times over.
#pragma once

#include "cpu/depthwise_tiles.h"
#include "cpu/mbconv.h"
#include "cpu/products.h"

namespace effnet::cpu {

class Expansion {
 public:
  // Packs W1 for every group of channels of the tiles into `panels` (panels_size()) if rows are made again.
  Expansion(const KernelTable& kernels, const MBConvShape& shape, const DepthwiseTiles& tiles, const float* x,
            const float* weights, const float* stored, float* panels);
  static Index panels_size(const KernelTable& kernels, const MBConvShape& shape, const DepthwiseTiles& tiles);

  // The tile's channels of some map rows of picture n; where they are made again, in `memory` (rows, width, channels).
  ConstRows rows(Index n, Range map_rows, const DepthwiseTile& tile, float* memory) const;

 private:
  const MBConvShape& shape_;
  const float *x_, *stored_;
  std::vector<PackedMatrix> packed_;  // W1 of every group of channels
};

}  // namespace effnet::cpu
