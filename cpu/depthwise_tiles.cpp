#include "cpu/depthwise_tiles.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

// Fewer channels than this a pixel would be read from memory in pieces too short for it.
constexpr Index kFewestBlocks = 3;

// Rounds down, also below zero.
Index floor_div(Index a, Index b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

DepthwiseTiles::DepthwiseTiles(const KernelTable& kernels, const DepthwiseShape& shape, Index budget)
    : kernels_(kernels), shape_(shape) {
  const Index lanes = kernels.lanes, all_blocks = kernels.blocks(shape.channels);
  const Index row = std::max(input_columns(), gradient_columns()) * lanes;
  const Index whole_map = row * std::max(shape.height, (shape.out_height - 1) * shape.stride + shape.kernel);
  const Index blocks = std::clamp(budget / whole_map, std::min(kFewestBlocks, all_blocks), all_blocks);
  const Index rows_in = std::max<Index>(budget / (row * blocks), shape.kernel);
  const Index out_rows = std::clamp<Index>((rows_in - shape.kernel) / shape.stride + 1, 1, shape.out_height);
  const Index groups = (all_blocks + blocks - 1) / blocks,
              bands = (shape.out_height + out_rows - 1) / out_rows;
  for (Index group = 0; group < groups; ++group) {
    const Range of_blocks = part_of(all_blocks, group, groups);
    const Range channels{of_blocks.first * lanes, std::min(of_blocks.last * lanes, shape.channels)};
    for (Index band = 0; band < bands; ++band) {
      const Range out = part_of(shape.out_height, band, bands);
      const Range in{band == 0 ? 0 : out.first * shape.stride,
                     band + 1 == bands ? shape.height : std::min(out.last * shape.stride, shape.height)};
      tiles_.push_back({channels, out, in, group});
    }
  }
}

Index DepthwiseTiles::pictures_at_once(Index budget) const {
  const DepthwiseTile& tile = tiles_.front();
  if (tile.in_rows.size() < shape_.height) return 1;
  return std::max<Index>(1, budget / (shape_.height * shape_.width * tile.channels.size()));
}

Index DepthwiseTiles::input_columns() const {
  return (shape_.out_width - 1) * shape_.stride + shape_.kernel;
}

Index DepthwiseTiles::gradient_left() const {
  return std::max<Index>(0, floor_div(shape_.kernel - 1 - shape_.pad_left, shape_.stride));
}

Index DepthwiseTiles::gradient_columns() const {
  const Index last = floor_div(shape_.width - 1 + shape_.pad_left, shape_.stride);
  return gradient_left() + std::max(last + 1, shape_.out_width);
}

Range DepthwiseTiles::gradient_rows(const DepthwiseTile& tile) const {
  const Index s = shape_.stride;
  const Index first = floor_div(tile.in_rows.first + shape_.pad_top - shape_.kernel + s, s);  // rounds up
  const Index last = floor_div(tile.in_rows.last - 1 + shape_.pad_top, s) + 1;
  return {std::min(first, tile.out_rows.first), std::max(last, tile.out_rows.last)};
}

Index DepthwiseTiles::input_size() const {
  Index size = 0;
  for (const DepthwiseTile& tile : tiles_) {
    const Index rows = (tile.out_rows.size() - 1) * shape_.stride + shape_.kernel;
    size = std::max(size, rows * input_columns() * kernels_.padded(tile.channels.size()));
  }
  return size;
}

Index DepthwiseTiles::gradient_size() const {
  Index size = 0;
  for (const DepthwiseTile& tile : tiles_)
    size = std::max(size,
                    gradient_rows(tile).size() * gradient_columns() * kernels_.padded(tile.channels.size()));
  return size;
}

BlockedCopy DepthwiseTiles::fill(const DepthwiseTile& tile, Range rows, MapSize map, Index left,
                                 Index columns, float* data, const FillRows& fill) const {
  const Index lanes = kernels_.lanes, blocks = kernels_.blocks(tile.channels.size());
  const Index row_size = columns * lanes, block_size = rows.size() * row_size;
  const Range inside{std::max<Index>(rows.first, 0), std::min(rows.last, map.rows)};
  const BlockedCopy copy{data, rows.first, row_size, block_size};
  float* first_pixel = data + (inside.first - rows.first) * row_size + left * lanes;
  for (Index block = 0; block < blocks; ++block) {
    // From one row's last pixel to the next one's first is one run of zeros.
    float *zeros = data + block * block_size, *pixels = first_pixel + block * block_size;
    for (Index row = inside.first; row < inside.last; ++row, pixels += row_size) {
      std::fill(zeros, pixels, 0.0f);
      zeros = pixels + map.columns * lanes;
    }
    std::fill(zeros, data + (block + 1) * block_size, 0.0f);
  }
  if (inside.size() > 0) fill(inside, tile, first_pixel, copy);
  return copy;
}

BlockedCopy DepthwiseTiles::fill_input(const DepthwiseTile& tile, float* data,
                                       const FillRows& fill_rows) const {
  const Index first = tile.out_rows.first * shape_.stride - shape_.pad_top;
  const Range rows{first, first + (tile.out_rows.size() - 1) * shape_.stride + shape_.kernel};
  return fill(tile, rows, {shape_.height, shape_.width}, shape_.pad_left, input_columns(), data, fill_rows);
}

BlockedCopy DepthwiseTiles::fill_gradient(const DepthwiseTile& tile, float* data,
                                          const FillRows& fill_rows) const {
  return fill(tile, gradient_rows(tile), {shape_.out_height, shape_.out_width}, gradient_left(),
              gradient_columns(), data, fill_rows);
}

Index DepthwiseTiles::packed_size() const {
  return kernels_.padded(shape_.channels) * shape_.kernel * shape_.kernel;
}

void DepthwiseTiles::pack(const float* weights, float* packed) const {
  const Index taps = shape_.kernel * shape_.kernel, lanes = kernels_.lanes;
  std::fill_n(packed, packed_size(), 0.0f);
  for (Index c = 0; c < shape_.channels; ++c) {
    for (Index tap = 0; tap < taps; ++tap)
      packed[(c / lanes * taps + tap) * lanes + c % lanes] = weights[c * taps + tap];
  }
}

void DepthwiseTiles::unpack(const float* packed, float* weights) const {
  const Index taps = shape_.kernel * shape_.kernel, lanes = kernels_.lanes;
  for (Index c = 0; c < shape_.channels; ++c) {
    for (Index tap = 0; tap < taps; ++tap)
      weights[c * taps + tap] = packed[(c / lanes * taps + tap) * lanes + c % lanes];
  }
}

DepthwiseTiles::Residue DepthwiseTiles::residue(Index q, Index pad) const {
  const Index s = shape_.stride, first = (q + pad) % s;
  return {first, (shape_.kernel - first + s - 1) / s, (q + pad - first) / s};
}

void DepthwiseTiles::pack_flipped(const float* weights, float* packed) const {
  const Index K = shape_.kernel, s = shape_.stride, lanes = kernels_.lanes;
  std::fill_n(packed, packed_size(), 0.0f);
  for (Index c = 0; c < shape_.channels; ++c) {
    float* out = packed + c / lanes * K * K * lanes + c % lanes;
    for (Index qr = 0; qr < s; ++qr) {
      const Residue down = residue(qr, shape_.pad_top);
      for (Index qc = 0; qc < s; ++qc) {
        const Residue across = residue(qc, shape_.pad_left);
        for (Index u = down.taps - 1; u >= 0; --u) {
          for (Index v = across.taps - 1; v >= 0; --v, out += lanes)
            *out = weights[(c * K + down.first_tap + u * s) * K + across.first_tap + v * s];
        }
      }
    }
  }
}

Index DepthwiseTiles::lanes_of(const DepthwiseTile& tile, Index block) const {
  return std::min<Index>(kernels_.lanes, tile.channels.size() - block * kernels_.lanes);
}

void DepthwiseTiles::forward(const DepthwiseTile& tile, const BlockedCopy& x, const float* packed,
                             float* y) const {
  const Index lanes = kernels_.lanes, K = shape_.kernel, C = shape_.channels;
  const Index top = tile.out_rows.first * shape_.stride - shape_.pad_top, row = shape_.out_width * C;
  for (Index block = 0; block < kernels_.blocks(tile.channels.size()); ++block) {
    const Index c = tile.channels.first + block * lanes;
    kernels_.depthwise_rows({.in = x.data + block * x.block_size + (top - x.first_row) * x.row_size,
                             .in_row = x.row_size,
                             .top = top,
                             .map_rows = shape_.height,
                             .weights = packed + c * K * K,
                             .taps_down = shape_.kernel,
                             .taps_across = shape_.kernel,
                             .stride = shape_.stride,
                             .rows = tile.out_rows.size(),
                             .pixels = shape_.out_width,
                             .out = y + tile.out_rows.first * row + c,
                             .out_row = row,
                             .out_pixel = C,
                             .valid = static_cast<int>(lanes_of(tile, block))});
  }
}

void DepthwiseTiles::input_gradient(const DepthwiseTile& tile, const BlockedCopy& y_gradient,
                                    const float* packed_flipped, float* x_gradient, Index pixel) const {
  const Index lanes = kernels_.lanes, K = shape_.kernel, s = shape_.stride;
  const Index blocks = kernels_.blocks(tile.channels.size());
  Index taps_before = 0;
  for (Index qr = 0; qr < s; ++qr) {
    const Residue down = residue(qr, shape_.pad_top);
    const Index row =
        tile.in_rows.first + ((qr - tile.in_rows.first) % s + s) % s;  // the first of this residue
    const Index top = down.shift + (row - qr) / s - (down.taps - 1);
    for (Index qc = 0; qc < s; ++qc) {
      const Residue across = residue(qc, shape_.pad_left);
      const float* first = y_gradient.data + (top - y_gradient.first_row) * y_gradient.row_size +
                           (gradient_left() + across.shift - (across.taps - 1)) * lanes;
      for (Index block = 0; block < blocks; ++block) {
        const Index c = tile.channels.first + block * lanes;
        const Index out_pixel = (row - tile.in_rows.first) * shape_.width + qc;
        kernels_.depthwise_rows({.in = first + block * y_gradient.block_size,
                                 .in_row = y_gradient.row_size,
                                 .top = top,
                                 .map_rows = shape_.out_height,
                                 .weights = packed_flipped + c * K * K + taps_before * lanes,
                                 .taps_down = static_cast<int>(down.taps),
                                 .taps_across = static_cast<int>(across.taps),
                                 .stride = 1,
                                 .rows = (tile.in_rows.last - row + s - 1) / s,
                                 .pixels = (shape_.width - qc + s - 1) / s,
                                 .out = x_gradient + out_pixel * pixel + block * lanes,
                                 .out_row = s * shape_.width * pixel,
                                 .out_pixel = s * pixel,
                                 .valid = static_cast<int>(lanes_of(tile, block))});
      }
      taps_before += down.taps * across.taps;
    }
  }
}

void DepthwiseTiles::weight_gradient(const DepthwiseTile& tile, const BlockedCopy& x,
                                     const BlockedCopy& y_gradient, float* packed) const {
  const Index lanes = kernels_.lanes, K = shape_.kernel;
  const Index in_row = tile.out_rows.first * shape_.stride - shape_.pad_top - x.first_row;
  const Index out_row = tile.out_rows.first - y_gradient.first_row;
  for (Index block = 0; block < kernels_.blocks(tile.channels.size()); ++block) {
    kernels_.depthwise_weight_gradient({.in = x.data + block * x.block_size + in_row * x.row_size,
                                        .in_row = x.row_size,
                                        .gradient = y_gradient.data + block * y_gradient.block_size +
                                                    out_row * y_gradient.row_size + gradient_left() * lanes,
                                        .gradient_row = y_gradient.row_size,
                                        .rows = tile.out_rows.size(),
                                        .pixels = shape_.out_width,
                                        .kernel = shape_.kernel,
                                        .stride = shape_.stride,
                                        .weights = packed + (tile.channels.first + block * lanes) * K * K});
  }
}

}  // namespace effnet::cpu
