// A depthwise convolution tile by tile: some channels of some rows of a map are brought into a zero-padded blocked copy
// that stays in the second level cache, where the kernels read it. Tiles take whole maps of few channels rather than
// few rows of all channels, because rows at the border of a tile are brought in twice.
#pragma once

#include <functional>
#include <vector>

#include "cpu/row_tiles.h"
#include "kernels/depthwise.h"

namespace effnet::cpu {

using kernels::DepthwiseShape;

struct DepthwiseTile {
  Range channels;   // from a multiple of the lanes
  Range out_rows;   // rows of y
  Range in_rows;    // rows of x whose gradient only this tile writes
  Index group = 0;  // number of this range of channels
};

// A zero-padded blocked copy of the tile's channels of some rows of one picture.
struct BlockedCopy {
  const float* data = nullptr;
  Index first_row = 0;                 // map row of data's first
  Index row_size = 0, block_size = 0;  // floats
};

// Brings rows of the map in: pixels of the tile's channels, the first one to `out`.
using FillRows =
    std::function<void(Range map_rows, const DepthwiseTile& tile, float* out, const BlockedCopy& copy)>;

class DepthwiseTiles {
 public:
  // A blocked copy of a tile takes about `budget` floats.
  DepthwiseTiles(const KernelTable& kernels, const DepthwiseShape& shape, Index budget);

  const std::vector<DepthwiseTile>& tiles() const { return tiles_; }
  Index input_size() const;     // floats of the largest blocked copy of x
  Index gradient_size() const;  // and of y's gradient

  // Pictures whose maps, of the tile's channels, fill about `budget` floats; 1 where a tile is a part of a map's rows.
  // Several of them are one piece of work for loops over rows.
  Index pictures_at_once(Index budget) const;
  // work(tile, pictures) for pieces of `pictures` of at most pictures_at_once, all tiles of a piece one after another.
  template <class Work>
  void each_piece(Range pictures, Index at_once, Work&& work) const {
    each_piece_of(pictures, at_once, [&](Range piece) {
      for (const DepthwiseTile& tile : tiles_) work(tile, piece);
    });
  }

  // Copies what the tile's outputs see of x, or the tile's part of x's gradient of y.
  BlockedCopy fill_input(const DepthwiseTile& tile, float* data, const FillRows& fill) const;
  BlockedCopy fill_gradient(const DepthwiseTile& tile, float* data, const FillRows& fill) const;

  // (C, k, k) to (blocks, k, k, lanes), lanes beyond C zero, and back.
  Index packed_size() const;
  void pack(const float* weights, float* packed) const;
  void unpack(const float* packed, float* weights) const;
  // The weights of the input gradient: a small convolution for every residue of (row, column) modulo the stride.
  void pack_flipped(const float* weights, float* packed) const;

  // y: the picture's first pixel, channels-last; the tile's channels and rows are written.
  void forward(const DepthwiseTile& tile, const BlockedCopy& x, const float* packed, float* y) const;
  // x_gradient: the tile's first channel of the first of its rows, `pixel` floats from one pixel to the next.
  void input_gradient(const DepthwiseTile& tile, const BlockedCopy& y_gradient, const float* packed_flipped,
                      float* x_gradient, Index pixel) const;
  // Adds to packed weights.
  void weight_gradient(const DepthwiseTile& tile, const BlockedCopy& x, const BlockedCopy& y_gradient,
                       float* packed) const;

 private:
  // Outputs q, q + stride, ... of the input gradient along one axis: output number t sums over u < taps of
  // y_gradient[shift + t - u] * w[first_tap + u * stride].
  struct Residue {
    Index first_tap = 0, taps = 0, shift = 0;
  };
  Residue residue(Index q, Index pad) const;
  Range gradient_rows(const DepthwiseTile& tile) const;
  Index input_columns() const;
  Index gradient_left() const;
  Index gradient_columns() const;
  struct MapSize {
    Index rows, columns;
  };
  BlockedCopy fill(const DepthwiseTile& tile, Range rows, MapSize map, Index left, Index columns, float* data,
                   const FillRows& fill) const;
  Index lanes_of(const DepthwiseTile& tile, Index block) const;

  const KernelTable& kernels_;
  DepthwiseShape shape_;
  std::vector<DepthwiseTile> tiles_;
};

}  // namespace effnet::cpu
