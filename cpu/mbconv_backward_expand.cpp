// The sweep through the expansion: dy1 -> dW1, dx; where y1 is made again, without it.
#include "cpu/input_moments.h"
#include "cpu/mbconv_backward.h"
#include "cpu/sum_tasks.h"

namespace effnet::cpu {

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

void MBConvBackward::expand_again_input_gradient() {
  const Index in = shape_.in_channels;
  Carver shared(workspace_.shared());
  float* of_d = shared.take(k_.packed_size(wide(), in));
  float* of_x = shared.take(k_.packed_size(in, in));
  std::vector<float> scaled(static_cast<std::size_t>(wide() * in)), square(static_cast<std::size_t>(in * in)),
      constant(static_cast<std::size_t>(in));
  for (Index e = 0; e < wide(); ++e) {
    const float* w = weights_.expand + e * in;
    const float rest = norm1_.c()[e] - norm1_.b()[e] * saved_.expand_norm.mean[e];
    for (Index i = 0; i < in; ++i) {
      scaled[static_cast<std::size_t>(e * in + i)] = norm1_.a()[e] * w[i];
      constant[static_cast<std::size_t>(i)] += rest * w[i];
      const float weighted = norm1_.b()[e] * w[i];
      for (Index j = 0; j < in; ++j) square[static_cast<std::size_t>(i * in + j)] += weighted * w[j];
    }
  }
  k_.pack_panels(
      {.k = wide(), .n = in, .source = scaled.data(), .k_stride = in, .n_stride = 1, .panels = of_d});
  k_.pack_panels({.k = in, .n = in, .source = square.data(), .k_stride = in, .n_stride = 1, .panels = of_x});
  parallel_.run(in_tasks_.tasks, [&](Index task, int) {
    const Range pictures = in_tasks_.of(task);
    each_piece_of({pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows}, tile_rows_,
                  [&](Range rows) {
                    float* out = gradients_.x + rows.first * in;
                    for (Index row = 0; row < rows.size(); ++row)
                      std::copy_n(constant.data(), in, out + row * in);
                    if (shape_.residual)
                      k_.combine_rows({.rows = rows.size(),
                                       .channels = in,
                                       .x = out,
                                       .x_row = in,
                                       .y = out_gradient_ + rows.first * in,
                                       .y_row = in,
                                       .out = out,
                                       .out_row = in});
                    const auto add = [&](const float* a, Index k, const float* panels) {
                      k_.gemm({.m = rows.size(),
                               .n = in,
                               .k = k,
                               .a = a + rows.first * k,
                               .a_row = k,
                               .b = panels,
                               .b_row = k_.panel,
                               .b_panel = k_.panel * k,
                               .c = out,
                               .c_row = in,
                               .accumulate = true});
                    };
                    add(x_, in, of_x);
                    add(d1_, wide(), of_d);
                  });
  });
}

void MBConvBackward::expand() {
  if (again()) {
    if (gradients_.x) expand_again_input_gradient();
    return;
  }
  const Index in = shape_.in_channels;
  Carver shared(workspace_.shared());
  float* panels = shared.take(k_.packed_size(wide(), in));
  k_.pack_panels(
      {.k = wide(), .n = in, .source = weights_.expand, .k_stride = in, .n_stride = 1, .panels = panels});
  float* partial = shared.take((1 + in_tasks_.tasks) * in * wide());
  parallel_.run(in_tasks_.tasks, [&](Index task, int worker) {
    float* dy = workspace_.of_worker(worker);
    float* weight_gradient = partial + (1 + task) * in * wide();
    std::fill_n(weight_gradient, in * wide(), 0.0f);
    const Range pictures = in_tasks_.of(task);
    each_piece_of({pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows}, tile_rows_,
                  [&](Range rows) {
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
                    k_.gemm({.m = in,
                             .n = wide(),
                             .k = rows.size(),
                             .a = x_ + rows.first * in,
                             .a_row = 1,
                             .a_k = in,
                             .b = dy,
                             .b_row = padded(),
                             .b_panel = k_.panel,
                             .c = weight_gradient,
                             .c_row = wide(),
                             .accumulate = true});
                    if (gradients_.x) expand_input_gradient(rows, dy, panels);
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

void MBConvBackward::expand_input_gradient(Range rows, const float* dy, const float* panels) const {
  const Index in = shape_.in_channels;
  float* out = gradients_.x + rows.first * in;
  if (shape_.residual) std::copy_n(out_gradient_ + rows.first * in, rows.size() * in, out);
  k_.gemm({.m = rows.size(),
           .n = in,
           .k = wide(),
           .a = dy,
           .a_row = padded(),
           .b = panels,
           .b_row = k_.panel,
           .b_panel = k_.panel * wide(),
           .c = out,
           .c_row = in,
           .accumulate = shape_.residual});
}

}  // namespace effnet::cpu
