// The depthwise convolutions of EfficientNet-B0 at 224 x 224 (arXiv 1905.11946, table 1), one for each distinct shape.
#pragma once

#include <vector>

#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

inline std::vector<DepthwiseShape> b0_depthwise_layers(Index batch,
                                                       kernels::Padding padding = kernels::Padding::kSame) {
  const auto layer = [&](Index channels, Index size, int kernel, int stride) {
    return same_shape(batch, channels, size, size, kernel, stride, padding);
  };
  return {layer(32, 112, 3, 1), layer(96, 112, 3, 2), layer(144, 56, 3, 1), layer(144, 56, 5, 2),
          layer(240, 28, 5, 1), layer(240, 28, 3, 2), layer(480, 14, 3, 1), layer(480, 14, 5, 1),
          layer(672, 14, 5, 1), layer(672, 14, 5, 2), layer(1152, 7, 5, 1), layer(1152, 7, 3, 1)};
}

}  // namespace effnet::tests
