// What the launches of one depthwise pass moved, counted by the emulator, beside the bytes model.
#pragma once

#include "tests/cuda/depthwise_example.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace effnet::tests {

struct CountedTraffic {
  double counted = 0, modelled = 0;  // bytes, each once a launch
  double maps_asked = 0;             // bytes that threads asked for in a map, by bytes of it

  double ratio() const { return counted / modelled; }
};

inline CountedTraffic counted(const cuda::BytesModel& model, double asked) {
  CountedTraffic traffic{.modelled = model.total()};
  for (const auto& launch : emulator::launches())
    traffic.counted += static_cast<double>(launch.total().bytes_read() + launch.total().bytes_written());
  traffic.maps_asked = asked / (model.maps_read + model.maps_written);
  return traffic;
}

// Bytes asked for in allocations as large as a map.
inline double asked_of_maps(std::size_t smallest) {
  double asked = 0;
  for (const auto& launch : emulator::launches()) {
    for (const auto& [address, traffic] : launch.allocation) {
      if (static_cast<std::size_t>(traffic.bytes_read() + traffic.bytes_written()) >= smallest)
        asked += static_cast<double>(traffic.bytes_asked_read + traffic.bytes_asked_written);
    }
  }
  return asked;
}

inline CountedTraffic forward_traffic(const DepthwiseShape& shape, Storage storage) {
  const DepthwiseExample example(shape, storage, {});
  emulator::clear_launches();
  example.forward();
  cuda::DepthwiseForward work = example.forward_work();
  float wanted = 0;
  work.moments = &wanted;
  const auto map = static_cast<std::size_t>(std::min(shape.in_rows(), shape.out_rows()) * shape.channels);
  return counted(bytes_of(work), asked_of_maps(map * bytes_of(storage)));
}

inline CountedTraffic backward_traffic(const DepthwiseShape& shape, Storage storage) {
  const DepthwiseExample example(shape, storage, {});
  emulator::clear_launches();
  example.backward();
  cuda::DepthwiseBackward work = example.backward_work();
  float wanted = 0;
  work.sums = &wanted;
  const auto map = static_cast<std::size_t>(std::min(shape.in_rows(), shape.out_rows()) * shape.channels);
  return counted(bytes_of(work), asked_of_maps(map * bytes_of(storage)));
}

}  // namespace effnet::tests
