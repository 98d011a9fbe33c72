// The sweep through the depthwise convolution: dy2 -> its weight gradient, d1 (without expansion: dx).
#include "cpu/mbconv_backward.h"

namespace effnet::cpu {

MBConvBackward::DepthwiseWork MBConvBackward::depthwise_work(Carver& carver) const {
  DepthwiseWork w{};
  w.input = carver.take(tiles_.input_size());
  w.gradient = carver.take(tiles_.gradient_size());
  w.slope = carver.take(own_size());
  w.halo = carver.take(halo_size());
  if (again()) {
    w.expanded = carver.take(own_size());
    w.d = carver.take(own_size() + k_.lanes);
  }
  return w;
}

MBConvBackward::DepthwiseShared MBConvBackward::depthwise_shared(Carver& carver) const {
  DepthwiseShared shared{};
  shared.flipped = carver.take(tiles_.packed_size());
  shared.partial = carver.take(in_tasks_.tasks * tiles_.packed_size());
  shared.expansion = carver.take(Expansion::panels_size(k_, shape_, tiles_));
  if (again()) {
    shared.input_product = carver.take(in_tasks_.tasks * shape_.in_channels * wide());
    shared.scaled_expansion = carver.take(k_.packed_size(wide(), shape_.in_channels));
  }
  return shared;
}

void MBConvBackward::depthwise() {
  Carver carver(workspace_.shared());
  const DepthwiseShared shared = depthwise_shared(carver);
  const Index packed_size = tiles_.packed_size();
  float *flipped = shared.flipped, *partial = shared.partial;
  tiles_.pack_flipped(weights_.depthwise, flipped);
  const Expansion expansion(k_, shape_, tiles_, x_, weights_.expand, saved_.expanded, shared.expansion);
  input_product_ = shared.input_product;
  if (again()) pack_scaled_expansion(shared.scaled_expansion);
  const bool wants_input = shape_.expands || gradients_.x;
  parallel_.run(in_tasks_.tasks, [&](Index task, int worker) {
    Carver of_worker(workspace_.of_worker(worker));
    const DepthwiseWork work = depthwise_work(of_worker);
    float* weight_gradient = partial + task * packed_size;
    std::fill_n(weight_gradient, packed_size, 0.0f);
    tiles_.each_piece(in_tasks_.of(task), at_once_, [&](const DepthwiseTile& tile, Range pictures) {
      DepthwiseWork of_picture = work;
      const Rows d = input_gradient_of(tile, pictures, work);
      const Index own = own_rows({0, 1}, tile).size() * tile.channels.size();
      for (Index n = pictures.first; n < pictures.last; ++n) {
        const BlockedCopy x = tiles_.fill_input(tile, work.input, input_rows(n, expansion, of_picture));
        const BlockedCopy dy = tiles_.fill_gradient(tile, work.gradient, gradient_rows(n));
        tiles_.weight_gradient(tile, x, dy, weight_gradient);
        if (wants_input) {
          const Index before = (n - pictures.first) * in_tasks_.rows;
          tiles_.input_gradient(tile, dy, flipped, d.data + before * d.row, d.row);
        }
        of_picture.slope += own;
        if (again()) of_picture.expanded += own;
      }
      if (wants_input) finish_input_gradient(task, pictures, tile, work, d);
    });
  });
  for (Index task = 1; task < in_tasks_.tasks; ++task) {
    for (Index i = 0; i < packed_size; ++i) partial[i] += partial[task * packed_size + i];
  }
  tiles_.unpack(partial, gradients_.depthwise);
  if (!shape_.expands) return;
  norm1_.finish(saved_.expand_norm, shape_.in_rows(), gradients_.expand_norm_weight,
                gradients_.expand_norm_bias);
  if (again()) expand_weight_gradient();
}

FillRows MBConvBackward::input_rows(Index n, const Expansion& expansion, const DepthwiseWork& work) const {
  return [this, n, &expansion, work](Range rows, const DepthwiseTile& tile, float* out,
                                     const BlockedCopy& copy) {
    const Index row_size = shape_.depthwise.width * tile.channels.size();
    const auto bring = [&](Range part, bool own) {
      if (part.size() == 0) return;
      const Index at = (part.first - tile.in_rows.first) * row_size;
      const ConstRows y1 = expansion.rows(n, part, tile, own && again() ? work.expanded + at : work.halo);
      Normalize of{.rows = shape_.depthwise.width,
                   .channels = tile.channels.size(),
                   .x = y1.data,
                   .x_row = y1.row,
                   .out = out + (part.first - rows.first) * copy.row_size,
                   .lines = part.size(),
                   .out_line = copy.row_size,
                   .out_block = copy.block_size};
      if (shape_.expands) {
        of.scale = saved_.expand_norm.scale + tile.channels.first;
        of.offset = saved_.expand_norm.offset + tile.channels.first;
        of.activation = shape_.activation;
        of.slope = own ? work.slope + at : nullptr;
        of.slope_row = tile.channels.size();
      }
      k_.normalize_blocked(of);
    };
    const Index own_first = std::clamp(tile.in_rows.first, rows.first, rows.last);
    const Index own_last = std::clamp(tile.in_rows.last, own_first, rows.last);
    bring({rows.first, own_first}, false);
    // What is made again is at its cheapest while a row of it is in the first level cache.
    const Index at_once = again() ? 1 : std::max<Index>(1, own_last - own_first);
    each_piece_of({own_first, own_last}, at_once, [&](Range part) { bring(part, true); });
    bring({own_last, rows.last}, false);
  };
}

FillRows MBConvBackward::gradient_rows(Index n) const {
  const DepthwiseShape& shape = shape_.depthwise;
  return [this, &shape, n](Range rows, const DepthwiseTile& tile, float* out, const BlockedCopy& copy) {
    const Range channels = tile.channels;
    const Index first = (n * out_pixels_ + rows.first * shape.out_width) * wide() + channels.first;
    k_.norm_gradient_blocked({.rows = shape.out_width,
                              .channels = channels.size(),
                              .gradient = d2_ + first,
                              .gradient_row = wide(),
                              .x = saved_.depthwise + first,
                              .x_row = wide(),
                              .a = norm2_.a() + channels.first,
                              .b = norm2_.b() + channels.first,
                              .c = norm2_.c() + channels.first,
                              .mean = saved_.depthwise_norm.mean + channels.first,
                              .out = out,
                              .lines = rows.size(),
                              .out_line = copy.row_size,
                              .out_block = copy.block_size});
  };
}

Rows MBConvBackward::input_gradient_of(const DepthwiseTile& tile, Range pictures,
                                       const DepthwiseWork& work) const {
  if (again()) return {work.d, tile.channels.size()};
  float* map = shape_.expands ? d1_ : gradients_.x;
  if (!map) return {};
  return {map + own_rows(pictures, tile).first * wide() + tile.channels.first, wide()};
}

void MBConvBackward::finish_input_gradient(Index task, Range pictures, const DepthwiseTile& tile,
                                           const DepthwiseWork& work, Rows d) {
  const Range rows = own_rows(pictures, tile);
  const Index c = tile.channels.first, channels = tile.channels.size(), first = rows.first * wide() + c;
  if (shape_.expands) {
    k_.activation_gradient({.rows = rows.size(),
                            .channels = channels,
                            .gradient = d.data,
                            .gradient_row = d.row,
                            .x = again() ? work.expanded : saved_.expanded + first,
                            .x_row = again() ? channels : wide(),
                            .scale = saved_.expand_norm.scale + c,
                            .offset = saved_.expand_norm.offset + c,
                            .mean = saved_.expand_norm.mean + c,
                            .activation = shape_.activation,
                            .slope = work.slope,
                            .slope_row = channels,
                            .out = d.data,
                            .out_row = d.row,
                            .sum = norm1_.sum(task) + c,
                            .product = norm1_.product(task) + c});
    if (again()) expand_tile_back(task, rows, tile, d);
  } else if (shape_.residual) {
    k_.combine_rows({.rows = rows.size(),
                     .channels = channels,
                     .x = d.data,
                     .x_row = d.row,
                     .y = out_gradient_ + first,
                     .y_row = wide(),
                     .out = d.data,
                     .out_row = d.row});
  }
}

}  // namespace effnet::cpu
