// The 1x1 convolutions of EfficientNet-B0 at 224 x 224 (arXiv 1905.11946, table 1), one for each distinct shape.
#pragma once

#include <vector>

#include "kernels/pointwise.h"

namespace effnet::tests {

struct PointwiseLayer {
  kernels::PointwiseShape shape;
  bool projects = false;  // behind squeeze-and-excite: with a gate
};

inline std::vector<PointwiseLayer> b0_pointwise_layers(kernels::Index batch) {
  const auto expand = [&](kernels::Index size, kernels::Index in, kernels::Index out) {
    return PointwiseLayer{{batch, size * size, in, out}, false};
  };
  const auto project = [&](kernels::Index size, kernels::Index in, kernels::Index out) {
    return PointwiseLayer{{batch, size * size, in, out}, true};
  };
  return {project(112, 32, 16),  expand(112, 16, 96),   project(56, 96, 24),  expand(56, 24, 144),
          project(56, 144, 24),  project(28, 144, 40),  expand(28, 40, 240),  project(28, 240, 40),
          project(14, 240, 80),  expand(14, 80, 480),   project(14, 480, 80), project(14, 480, 112),
          expand(14, 112, 672),  project(14, 672, 112), project(7, 672, 192), expand(7, 192, 1152),
          project(7, 1152, 192), project(7, 1152, 320), expand(7, 320, 1280)};
}

}  // namespace effnet::tests
