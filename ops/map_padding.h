// The zeros around a tensor's map (kernels/padding.h). Where both sides get the same, an operator pads by itself;
// otherwise the map is copied into a padded one.
#pragma once

#include <torch/torch.h>

#include "kernels/padding.h"

namespace effnet::ops {

struct MapPadding {
  kernels::SidePadding rows, columns;

  bool even() const { return rows.before == rows.after && columns.before == columns.after; }
};

inline MapPadding map_padding(const torch::Tensor& x, int kernel, int stride, kernels::Padding padding) {
  return {kernels::padding_of(x.size(2), kernel, stride, padding),
          kernels::padding_of(x.size(3), kernel, stride, padding)};
}

inline torch::Tensor pad_map(const torch::Tensor& x, const MapPadding& by, double value) {
  return at::constant_pad_nd(x, {by.columns.before, by.columns.after, by.rows.before, by.rows.after}, value);
}

}  // namespace effnet::ops
