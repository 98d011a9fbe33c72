#include "cpu/mbconv_backward.h"

namespace effnet::cpu {

void MBConvBackward::run() {
  reserve();
  output();
  project();
  depthwise();
  if (shape_.expands) expand();
}

void MBConvBackward::reserve() {
  const Index se_rows = Carver::size_of(group_ * wide());
  const Index of_project = 3 * Carver::size_of(tile_rows_ * padded()) +
                           Carver::size_of(tile_rows_ * padded_narrow()) + Carver::size_of(narrow()) +
                           Carver::size_of(narrow() * wide()) + Carver::size_of(se_work()) + 2 * se_rows;
  const Index of_depthwise = Carver::size_of(tiles_.input_size()) + Carver::size_of(tiles_.gradient_size()) +
                             Carver::size_of(own_size()) +
                             (again() ? 2 * Carver::size_of(own_size() + k_.lanes) : 0) +
                             Carver::size_of(halo_size());
  const Index of_expand = Carver::size_of(tile_rows_ * padded());
  const Index of_worker = std::max({of_project, of_depthwise, of_expand});

  const Index project_shared =
      Carver::size_of(k_.packed_size(narrow(), wide())) +
      Carver::size_of(out_tasks_.tasks * narrow() * wide()) +
      Carver::size_of(SqueezeExcite::size(k_, shape_)) +
      (shape_.squeezes() ? Carver::size_of(shape_.batch() * wide()) +
                               2 * Carver::size_of(shape_.batch() * shape_.squeezed_channels)
                         : 0);
  const Index depthwise_shared = (1 + in_tasks_.tasks) * Carver::size_of(tiles_.packed_size()) +
                                 Carver::size_of(Expansion::panels_size(k_, shape_, tiles_)) +
                                 (again() ? Carver::size_of(in_tasks_.tasks * shape_.in_channels * wide()) +
                                                Carver::size_of(k_.packed_size(wide(), shape_.in_channels))
                                          : 0);
  const Index in = shape_.in_channels;
  const Index expand_shared = Carver::size_of(k_.packed_size(wide(), in)) +
                              (again() ? Carver::size_of(k_.packed_size(in, in))
                                       : Carver::size_of((1 + in_tasks_.tasks) * in * wide()));
  workspace_.reserve(parallel_.workers, of_worker,
                     std::max({project_shared, depthwise_shared, expand_shared}));
}

Index MBConvBackward::own_size() const {
  Index size = 0;
  for (const DepthwiseTile& tile : tiles_.tiles())
    size = std::max(size, own_rows({0, at_once_}, tile).size() * tile.channels.size());
  return shape_.expands ? size : 0;
}

Index MBConvBackward::halo_size() const {
  Index size = 0;
  for (const DepthwiseTile& tile : tiles_.tiles())
    size = std::max(size, shape_.depthwise.kernel * shape_.depthwise.width * tile.channels.size());
  return again() ? size : 0;
}

ActivationGradient MBConvBackward::output_gradient(Range rows, const float* keep_row) const {
  return {.rows = rows.size(),
          .channels = narrow(),
          .gradient = out_gradient_ + rows.first * narrow(),
          .gradient_row = narrow(),
          .x = saved_.projected + rows.first * narrow(),
          .x_row = narrow(),
          .gate = keep_row,
          .scale = saved_.project_norm.scale,
          .offset = saved_.project_norm.offset,
          .mean = saved_.project_norm.mean,
          .activation = shape_.project_activation};
}

void MBConvBackward::output() {
  parallel_.run(out_tasks_.tasks, [&](Index task, int worker) {
    const Range pictures = out_tasks_.of(task);
    each_kept({pictures.first * out_pixels_, pictures.last * out_pixels_}, workspace_.of_worker(worker),
              [&](Range rows, const float* keep_row) {
                ActivationGradient of = output_gradient(rows, keep_row);
                of.sum = norm3_.sum(task);
                of.product = norm3_.product(task);
                k_.activation_gradient(of);
              });
  });
  norm3_.finish(saved_.project_norm, shape_.out_rows(), gradients_.project_norm_weight,
                gradients_.project_norm_bias);
}

void mbconv_backward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                     const float* x, const float* keep, const MBConvSaved& saved, const float* out_gradient,
                     float* expanded_gradient, float* depthwise_gradient, const MBConvGradients& gradients) {
  MBConvBackward(execution, shape, weights, x, keep, saved, out_gradient, expanded_gradient,
                 depthwise_gradient, gradients)
      .run();
}

}  // namespace effnet::cpu
