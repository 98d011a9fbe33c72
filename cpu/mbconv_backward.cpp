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
  const Index of_worker =
      std::max({room_of([&](Carver& c) { project_work(c); }), room_of([&](Carver& c) { depthwise_work(c); }),
                room_of([&](Carver& c) { c.take(tile_rows_ * padded()); })});  // dy1
  const Index shared = std::max({room_of([&](Carver& c) { project_shared(c); }),
                                 room_of([&](Carver& c) { depthwise_shared(c); }),
                                 room_of([&](Carver& c) { expand_shared(c); })});
  workspace_.reserve(parallel_.workers, of_worker, shared);
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
