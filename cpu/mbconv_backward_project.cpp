// The sweep through the projection, squeeze-and-excite and the depthwise output: dy3 -> dW3, squeeze gradients, d2.
#include "cpu/mbconv_backward.h"
#include "cpu/sum_tasks.h"

namespace effnet::cpu {

MBConvBackward::ProjectWork MBConvBackward::project_work(Carver& carver) const {
  ProjectWork w{};
  w.activated = carver.take(tile_rows_ * padded());
  w.slope = carver.take(tile_rows_ * padded());
  w.gradient = carver.take(tile_rows_ * padded());
  w.projected = carver.take(tile_rows_ * padded_narrow());
  w.keep_row = carver.take(narrow());
  w.product = carver.take(narrow() * wide());
  w.squeeze = carver.take(SqueezeExcite::work_size(shape_, group_));
  w.gate_gradient = carver.take(group_ * wide());
  w.constant = carver.take(group_ * wide());
  return w;
}

MBConvBackward::ProjectShared MBConvBackward::project_shared(Carver& carver) const {
  const Index pictures = shape_.batch(), squeezed = pictures * shape_.squeezed_channels;
  ProjectShared shared{};
  shared.weights = carver.take(k_.packed_size(narrow(), wide()));
  shared.squeeze = carver.take(SqueezeExcite::size(k_, shape_));
  shared.partial = carver.take(out_tasks_.tasks * narrow() * wide());
  if (shape_.squeezes()) {
    shared.gate_gradient = carver.take(pictures * wide());
    shared.squeezed_gradient = carver.take(squeezed);
    shared.squeezed = carver.take(squeezed);
  }
  return shared;
}

void MBConvBackward::project() {
  Carver carver(workspace_.shared());
  const ProjectShared shared = project_shared(carver);
  gate_gradient_ = shared.gate_gradient;
  squeezed_gradient_ = shared.squeezed_gradient;
  project_ = {k_, narrow(), wide(), weights_.project, PackedMatrix::Source::kPlain, shared.weights};
  const SqueezeExcite squeeze(k_, shape_, weights_, SqueezeExcite::Pass::kBackward, shared.squeeze);
  parallel_.run(out_tasks_.tasks, [&](Index task, int worker) {
    Carver of_worker(workspace_.of_worker(worker));
    const ProjectWork work = project_work(of_worker);
    float* weight_gradient = shared.partial + task * narrow() * wide();
    each_piece_of(out_tasks_.of(task), group_, [&](Range pictures) {
      if (pictures.size() == 1 && out_pixels_ > tile_rows_)
        large_picture(task, pictures.first, squeeze, work, weight_gradient);
      else
        small_pictures(task, pictures, squeeze, work, weight_gradient);
    });
  });
  norm2_.finish(saved_.depthwise_norm, shape_.out_rows(), gradients_.depthwise_norm_weight,
                gradients_.depthwise_norm_bias);
  sum_tasks(parallel_, shared.partial, out_tasks_.tasks, narrow() * wide(), gradients_.project);
  if (shape_.squeezes()) {
    squeeze.weight_gradients(parallel_, saved_.pooled, saved_.squeezed, gate_gradient_, squeezed_gradient_,
                             gradients_, shared.squeezed);
  }
}

void MBConvBackward::projected_gradient(Range rows, const ProjectWork& work) const {
  const bool plain = !keep_ && shape_.project_activation == Activation::kIdentity;
  each_kept(rows, work.keep_row, [&](Range part, const float* keep_row) {
    float* out = work.projected + (part.first - rows.first) * padded_narrow();
    if (!plain) {
      ActivationGradient of = output_gradient(part, keep_row);
      of.out = out;
      of.out_row = padded_narrow();
      k_.activation_gradient(of);
    }
    k_.norm_gradient_rows({.rows = part.size(),
                           .channels = narrow(),
                           .gradient = plain ? out_gradient_ + part.first * narrow() : out,
                           .gradient_row = plain ? narrow() : padded_narrow(),
                           .x = saved_.projected + part.first * narrow(),
                           .x_row = narrow(),
                           .a = norm3_.a(),
                           .b = norm3_.b(),
                           .c = norm3_.c(),
                           .mean = saved_.project_norm.mean,
                           .out = out,
                           .out_row = padded_narrow()});
  });
}

void MBConvBackward::activate(Range rows, float* out, float* slope) const {
  k_.normalize_rows({.rows = rows.size(),
                     .channels = wide(),
                     .x = saved_.depthwise + rows.first * wide(),
                     .x_row = wide(),
                     .scale = saved_.depthwise_norm.scale,
                     .offset = saved_.depthwise_norm.offset,
                     .activation = shape_.activation,
                     .out = out,
                     .out_row = padded(),
                     .slope = slope,
                     .slope_row = padded()});
}

void MBConvBackward::back_through_weights(Index rows, const ProjectWork& work) const {
  project_.multiply(rows, {work.projected, padded_narrow()}, {work.gradient, padded()});
}

void MBConvBackward::weight_product(Index rows, const ProjectWork& work, Sum sum, float* out) const {
  multiply_transposed(k_, rows, {work.projected, padded_narrow()}, narrow(), {work.activated, padded()},
                      wide(), {out, wide()}, sum);
}

void MBConvBackward::depthwise_output_gradient(Index task, Range rows, const float* gradient,
                                               const float* slope, const float* gate, const float* constant) {
  k_.activation_gradient({.rows = rows.size(),
                          .channels = wide(),
                          .gradient = gradient,
                          .gradient_row = padded(),
                          .x = saved_.depthwise + rows.first * wide(),
                          .x_row = wide(),
                          .gate = gate,
                          .constant = constant,
                          .scale = saved_.depthwise_norm.scale,
                          .offset = saved_.depthwise_norm.offset,
                          .mean = saved_.depthwise_norm.mean,
                          .activation = shape_.activation,
                          .slope = slope,
                          .slope_row = padded(),
                          .out = d2_ + rows.first * wide(),
                          .out_row = wide(),
                          .sum = norm2_.sum(task),
                          .product = norm2_.product(task)});
}

void MBConvBackward::squeeze_backward(Range pictures, const SqueezeExcite& squeeze, const ProjectWork& work) {
  const Index narrow_squeeze = shape_.squeezed_channels;
  squeeze.backward(pictures.size(), saved_.squeezed + pictures.first * narrow_squeeze,
                   saved_.gate + pictures.first * wide(), work.gate_gradient,
                   squeezed_gradient_ + pictures.first * narrow_squeeze, work.constant, work.squeeze);
  std::copy_n(work.gate_gradient, pictures.size() * wide(), gate_gradient_ + pictures.first * wide());
  const float share = 1 / static_cast<float>(out_pixels_);
  for (Index i = 0; i < pictures.size() * wide(); ++i) work.constant[i] *= share;
}

void MBConvBackward::small_pictures(Index task, Range pictures, const SqueezeExcite& squeeze,
                                    const ProjectWork& work, float* weight_gradient) {
  const Range rows{pictures.first * out_pixels_, pictures.last * out_pixels_};
  const Sum sum = pictures.first == out_tasks_.of(task).first ? Sum::kStart : Sum::kContinue;
  projected_gradient(rows, work);
  activate(rows, work.activated, work.slope);
  back_through_weights(rows.size(), work);
  if (!shape_.squeezes()) {
    weight_product(rows.size(), work, sum, weight_gradient);
    depthwise_output_gradient(task, rows, work.gradient, work.slope, nullptr, nullptr);
    return;
  }
  std::fill_n(work.gate_gradient, pictures.size() * wide(), 0.0f);
  for (Index n = pictures.first; n < pictures.last; ++n) {
    const Index at = n - pictures.first;
    float* activated = work.activated + at * out_pixels_ * padded();
    k_.dot_rows({.rows = out_pixels_,
                 .channels = wide(),
                 .x = activated,
                 .x_row = padded(),
                 .y = work.gradient + at * out_pixels_ * padded(),
                 .y_row = padded(),
                 .sum = work.gate_gradient + at * wide()});
    k_.combine_rows({.rows = out_pixels_,
                     .channels = wide(),
                     .x = activated,
                     .x_row = padded(),
                     .gate = saved_.gate + n * wide(),
                     .out = activated,
                     .out_row = padded()});
  }
  weight_product(rows.size(), work, sum, weight_gradient);
  squeeze_backward(pictures, squeeze, work);
  for (Index n = pictures.first; n < pictures.last; ++n) {
    const Index at = n - pictures.first;
    depthwise_output_gradient(
        task, {n * out_pixels_, (n + 1) * out_pixels_}, work.gradient + at * out_pixels_ * padded(),
        work.slope + at * out_pixels_ * padded(), saved_.gate + n * wide(), work.constant + at * wide());
  }
}

void MBConvBackward::large_picture(Index task, Index n, const SqueezeExcite& squeeze, const ProjectWork& work,
                                   float* weight_gradient) {
  const Range rows{n * out_pixels_, (n + 1) * out_pixels_};
  const bool first = n == out_tasks_.of(task).first;
  if (shape_.squeezes()) {
    each_piece_of(rows, tile_rows_, [&](Range tile) {
      projected_gradient(tile, work);
      activate(tile, work.activated, nullptr);
      weight_product(tile.size(), work, tile.first == rows.first ? Sum::kStart : Sum::kContinue,
                     work.product);
    });
    std::fill_n(work.gate_gradient, wide(), 0.0f);
    k_.dot_rows({.rows = narrow(),
                 .channels = wide(),
                 .x = weights_.project,
                 .x_row = wide(),
                 .y = work.product,
                 .y_row = wide(),
                 .sum = work.gate_gradient});
    k_.combine_rows({.rows = narrow(),
                     .channels = wide(),
                     .x = work.product,
                     .x_row = wide(),
                     .gate = saved_.gate + n * wide(),
                     .y = first ? nullptr : weight_gradient,
                     .y_row = wide(),
                     .out = weight_gradient,
                     .out_row = wide()});
    squeeze_backward({n, n + 1}, squeeze, work);
  }
  each_piece_of(rows, tile_rows_, [&](Range tile) {
    projected_gradient(tile, work);
    if (!shape_.squeezes()) {
      activate(tile, work.activated, work.slope);
      weight_product(tile.size(), work, first && tile.first == rows.first ? Sum::kStart : Sum::kContinue,
                     weight_gradient);
    }
    back_through_weights(tile.size(), work);
    depthwise_output_gradient(task, tile, work.gradient, shape_.squeezes() ? nullptr : work.slope,
                              shape_.squeezes() ? saved_.gate + n * wide() : nullptr,
                              shape_.squeezes() ? work.constant : nullptr);
  });
}

}  // namespace effnet::cpu
