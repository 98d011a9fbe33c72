// What the launches of one dense convolution moved, counted by the emulator, beside the bytes model.
#pragma once

#include "tests/cuda/dense_example.h"
#include "tests/cuda/traffic.h"

namespace effnet::tests {

// One picture of: a fused block's expansion of EfficientNetV2-S, both strides, and a ResNet's 3 x 3, at half the
// resolution; a 5 x 5.
inline std::vector<ConvShape> dense_traffic_layers() {
  return {dense_shape({1, 24, 96, 56, 56, 3, 2}), dense_shape({1, 48, 192, 28, 28, 3, 1}),
          dense_shape({1, 64, 64, 28, 28, 3, 1}), dense_shape({1, 128, 128, 14, 14, 3, 1}),
          dense_shape({1, 24, 48, 28, 28, 5, 2})};
}

struct DenseTraffic {
  CountedTraffic forward, input_gradient, weight_gradient;
};

// `maps_asked` counts what is asked for in the maps that are read, by bytes of them.
inline DenseTraffic dense_traffic(const ConvShape& shape, Storage storage, const DenseSurroundings& around) {
  const DenseExample example(shape, storage, around);
  float wanted = 0;
  const auto count = [&](const auto& work, std::initializer_list<const char*> kernels,
                         std::initializer_list<const void*> maps) {
    const cuda::BytesModel model = bytes_of(work);
    CountedTraffic traffic{.modelled = model.total()};
    for (const auto& launch : emulator::launches()) {
      if (std::find(kernels.begin(), kernels.end(), std::string(launch.kernel)) == kernels.end()) continue;
      traffic.counted += static_cast<double>(launch.total().bytes_read() + launch.total().bytes_written());
      for (const void* map : maps) {
        const auto found = launch.allocation.find(map);
        if (found != launch.allocation.end())
          traffic.maps_asked += static_cast<double>(found->second.bytes_asked_read) / model.maps_read;
      }
    }
    return traffic;
  };
  emulator::clear_launches();
  example.forward();
  example.backward();
  cuda::DenseForward forward = example.forward_work();
  if (around.norm_behind) forward.moments = &wanted;
  cuda::DenseInputGradient to_x = example.input_gradient_work();
  if (around.norm_before) to_x.sums = &wanted;
  const cuda::DenseWeightGradient to_weights = example.weight_gradient_work();
  return {count(forward, {"dense_forward_strips"}, {forward.x}),
          count(to_x, {"dense_input_gradient_strips"}, {to_x.x, to_x.y, to_x.y_gradient}),
          count(to_weights, {"dense_weight_gradient_strips", "weight_parts_join"},
                {to_weights.x, to_weights.y, to_weights.y_gradient})};
}

}  // namespace effnet::tests
