// What a launch of an inverted bottleneck's first half moved, counted by the emulator, beside the bytes model.
#pragma once

#include "tests/cuda/expand_depthwise_example.h"
#include "tests/cuda/traffic.h"

namespace effnet::tests {

struct ExpandedLayer {
  Index in_channels;
  DepthwiseShape shape;
};

// Those of EfficientNet-B0 at 224 x 224 (arXiv 1905.11946, table 1), one for each distinct shape; the first has no expansion.
inline std::vector<ExpandedLayer> b0_expanded_layers(Index batch) {
  const auto layer = [&](Index in_channels, Index channels, Index size, int kernel, int stride) {
    return ExpandedLayer{in_channels, same_shape(batch, channels, size, size, kernel, stride)};
  };
  return {layer(0, 32, 112, 3, 1),   layer(16, 96, 112, 3, 2),  layer(24, 144, 56, 3, 1),
          layer(24, 144, 56, 5, 2),  layer(40, 240, 28, 5, 1),  layer(40, 240, 28, 3, 2),
          layer(80, 480, 14, 3, 1),  layer(80, 480, 14, 5, 1),  layer(112, 672, 14, 5, 1),
          layer(112, 672, 14, 5, 2), layer(192, 1152, 7, 5, 1), layer(192, 1152, 7, 3, 1)};
}

// `maps_asked` counts what is asked for in x, by its bytes.
struct ExpandTraffic {
  CountedTraffic counted;
  double weights_asked = 0;  // of the expansion, by their bytes
};

inline ExpandTraffic expand_traffic(const DepthwiseShape& shape, Storage storage,
                                    const Expansion& expansion) {
  const ExpandDepthwiseExample example(shape, storage, expansion);
  cuda::ExpandDepthwise work = example.work();
  emulator::clear_launches();
  example.result();
  float wanted = 0;
  if (expansion.sums) work.sums = &wanted;
  ExpandTraffic traffic{.counted = counted(bytes_of(work), {})};
  const auto& allocations = emulator::launches().front().allocation;
  const auto asked = [&](const void* map) {
    return static_cast<double>(allocations.at(map).bytes_asked_read);
  };
  traffic.counted.maps_asked = asked(work.x) / bytes_of(work).maps_read;
  if (work.expand) {
    const double weights = static_cast<double>(expansion.in_channels * shape.channels) *
                           static_cast<double>(cuda::bytes_of(storage));
    traffic.weights_asked = asked(work.expand) / weights;
  }
  return traffic;
}

}  // namespace effnet::tests
