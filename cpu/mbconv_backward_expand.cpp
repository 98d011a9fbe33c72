// The way through the expansion: dy1 -> dW1, dx in a sweep of its own; where y1 is made again, tile by tile from d1 in
// the sweep before, but for what batch norm's sums over the whole map add to it.
#include "cpu/input_moments.h"
#include "cpu/mbconv_backward.h"
#include "cpu/sum_tasks.h"

namespace effnet::cpu {

void MBConvBackward::pack_scaled_expansion(float* memory) {
  const Index in = shape_.in_channels;
  std::vector<float> scaled(static_cast<std::size_t>(wide() * in));
  for (Index e = 0; e < wide(); ++e) {
    for (Index i = 0; i < in; ++i)
      scaled[static_cast<std::size_t>(e * in + i)] =
          saved_.expand_norm.scale[e] * weights_.expand[e * in + i];
  }
  scaled_expansion_ = {k_, wide(), in, scaled.data(), PackedMatrix::Source::kPlain, memory};
}

void MBConvBackward::expand_tile_back(Index task, Range rows, const DepthwiseTile& tile, Rows d) const {
  const Index in = shape_.in_channels, first = tile.channels.first, channels = tile.channels.size();
  const bool starts = rows.first == in_tasks_.of(task).first * in_tasks_.rows;
  multiply_transposed(k_, rows.size(), {x_ + rows.first * in, in}, in, d, channels,
                      {input_product(task) + first, wide()}, starts ? Sum::kStart : Sum::kContinue);
  if (!gradients_.x) return;
  scaled_expansion_.of_rows(first, channels)
      .multiply(rows.size(), d, {gradients_.x + rows.first * in, in},
                tile.group == 0 ? Sum::kStart : Sum::kContinue);
}

void MBConvBackward::expand_weight_gradient() const {
  const Index in = shape_.in_channels;
  const InputMoments moments = InputMoments::in(saved_.input_moments, in);
  sum_tasks(parallel_, input_product_, in_tasks_.tasks, in * wide(), input_product_);
  const auto rows = static_cast<float>(shape_.in_rows());
  each_chunk_of_outputs([&](Range outputs) {
    std::vector<float> spread(static_cast<std::size_t>(in));  // a row of W1 Cov(x)
    for (Index e = outputs.first; e < outputs.last; ++e) {
      std::fill(spread.begin(), spread.end(), 0.0f);
      for (Index j = 0; j < in; ++j) {
        const float w = weights_.expand[e * in + j];
        for (Index i = 0; i < in; ++i)
          spread[static_cast<std::size_t>(i)] += w * moments.covariance[j * in + i];
      }
      const float sum = gradients_.expand_norm_bias[e];
      for (Index i = 0; i < in; ++i)
        gradients_.expand[e * in + i] =
            norm1_.a()[e] * (input_product_[i * wide() + e] - moments.mean[i] * sum) +
            norm1_.b()[e] * rows * spread[static_cast<std::size_t>(i)];
    }
  });
}

void MBConvBackward::finish_expand_again() {
  const Index in = shape_.in_channels;
  std::vector<float> square(static_cast<std::size_t>(in * in)), constant(static_cast<std::size_t>(in));
  for (Index e = 0; e < wide(); ++e) {
    const float* w = weights_.expand + e * in;
    const float rest = norm1_.c()[e] - norm1_.b()[e] * saved_.expand_norm.mean[e];
    for (Index i = 0; i < in; ++i) {
      constant[static_cast<std::size_t>(i)] += rest * w[i];
      const float weighted = norm1_.b()[e] * w[i];
      for (Index j = 0; j < in; ++j) square[static_cast<std::size_t>(i * in + j)] += weighted * w[j];
    }
  }
  Carver carver(workspace_.shared());
  const PackedMatrix of_x(k_, in, in, square.data(), PackedMatrix::Source::kPlain,
                          expand_shared(carver).weights);
  parallel_.run(in_tasks_.tasks, [&](Index task, int) {
    const Range pictures = in_tasks_.of(task);
    each_piece_of({pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows}, tile_rows_,
                  [&](Range rows) {
                    const Index first = rows.first * in;
                    of_x.multiply(rows.size(), {x_ + first, in}, {gradients_.x + first, in}, Sum::kContinue);
                    k_.normalize_rows({.rows = rows.size(),
                                       .channels = in,
                                       .x = gradients_.x + first,
                                       .x_row = in,
                                       .offset = constant.data(),
                                       .addend = shape_.residual ? out_gradient_ + first : nullptr,
                                       .addend_row = in,
                                       .out = gradients_.x + first,
                                       .out_row = in});
                  });
  });
}

MBConvBackward::ExpandShared MBConvBackward::expand_shared(Carver& carver) const {
  const Index in = shape_.in_channels;
  if (again()) return {carver.take(k_.packed_size(in, in)), nullptr};
  return {carver.take(k_.packed_size(wide(), in)), carver.take((1 + in_tasks_.tasks) * in * wide())};
}

void MBConvBackward::expand() {
  if (again()) {
    if (gradients_.x) finish_expand_again();
    return;
  }
  const Index in = shape_.in_channels;
  Carver carver(workspace_.shared());
  const ExpandShared shared = expand_shared(carver);
  const PackedMatrix back(k_, wide(), in, weights_.expand, PackedMatrix::Source::kPlain, shared.weights);
  float* partial = shared.partial;
  parallel_.run(in_tasks_.tasks, [&](Index task, int worker) {
    float* dy = workspace_.of_worker(worker);
    float* weight_gradient = partial + (1 + task) * in * wide();
    const Range pictures = in_tasks_.of(task);
    const Range all{pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows};
    each_piece_of(all, tile_rows_, [&](Range rows) {
      k_.norm_gradient_rows({.rows = rows.size(),
                             .channels = wide(),
                             .gradient = d1_ + rows.first * wide(),
                             .gradient_row = wide(),
                             .x = saved_.expanded + rows.first * wide(),
                             .x_row = wide(),
                             .a = norm1_.a(),
                             .b = norm1_.b(),
                             .c = norm1_.c(),
                             .mean = saved_.expand_norm.mean,
                             .out = dy,
                             .out_row = padded()});
      multiply_transposed(k_, rows.size(), {x_ + rows.first * in, in}, in, {dy, padded()}, wide(),
                          {weight_gradient, wide()}, rows.first == all.first ? Sum::kStart : Sum::kContinue);
      if (!gradients_.x) return;
      float* out = gradients_.x + rows.first * in;
      if (shape_.residual) std::copy_n(out_gradient_ + rows.first * in, rows.size() * in, out);
      back.multiply(rows.size(), {dy, padded()}, {out, in}, shape_.residual ? Sum::kContinue : Sum::kStart);
    });
  });
  sum_tasks(parallel_, partial + in * wide(), in_tasks_.tasks, in * wide(), partial);
  each_chunk_of_outputs([&](Range outputs) {
    for (Index i = 0; i < in; ++i) {
      for (Index e = outputs.first; e < outputs.last; ++e)
        gradients_.expand[e * in + i] = partial[i * wide() + e];
    }
  });
}

}  // namespace effnet::cpu
