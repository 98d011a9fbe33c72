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

// Of the launches since clear_launches().
inline CountedTraffic counted(const cuda::BytesModel& model, const std::vector<const void*>& maps) {
  CountedTraffic traffic{.modelled = model.total()};
  double asked = 0;
  for (const auto& launch : emulator::launches()) {
    traffic.counted += static_cast<double>(launch.total().bytes_read() + launch.total().bytes_written());
    for (const void* map : maps) {
      const auto of_map = launch.allocation.find(map);
      if (of_map != launch.allocation.end())
        asked += static_cast<double>(of_map->second.bytes_asked_read + of_map->second.bytes_asked_written);
    }
  }
  traffic.maps_asked = asked / (model.maps_read + model.maps_written);
  return traffic;
}

inline CountedTraffic forward_traffic(const DepthwiseShape& shape, Storage storage) {
  const DepthwiseExample example(shape, storage, {});
  emulator::clear_launches();
  const std::vector<const void*> maps = example.forward().maps;
  cuda::DepthwiseForward work = example.forward_work();
  float wanted = 0;
  work.moments = &wanted;
  return counted(bytes_of(work), maps);
}

inline CountedTraffic backward_traffic(const DepthwiseShape& shape, Storage storage) {
  const DepthwiseExample example(shape, storage, {});
  emulator::clear_launches();
  const std::vector<const void*> maps = example.backward().maps;
  cuda::DepthwiseBackward work = example.backward_work();
  float wanted = 0;
  work.sums = &wanted;
  return counted(bytes_of(work), maps);
}

}  // namespace effnet::tests
