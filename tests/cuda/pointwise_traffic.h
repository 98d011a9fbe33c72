// What the launches of one 1x1 convolution moved, counted by the emulator, beside the bytes model.
#pragma once

#include <initializer_list>

#include "tests/cuda/pointwise_example.h"
#include "tests/cuda/traffic.h"

namespace effnet::tests {

// Bytes that threads asked to read in these allocations.
inline double asked_reads(std::initializer_list<const void*> allocations) {
  double asked = 0;
  for (const auto& launch : emulator::launches()) {
    for (const void* address : allocations) {
      const auto found = launch.allocation.find(address);
      if (found != launch.allocation.end()) asked += static_cast<double>(found->second.bytes_asked_read);
    }
  }
  return asked;
}

// `maps_asked` counts what is asked for in the maps that are read, by bytes of them.
inline CountedTraffic forward_traffic(const PointwiseShape& shape, Storage storage,
                                      const PointwiseSurroundings& around) {
  const PointwiseExample example(shape, storage, around);
  emulator::clear_launches();
  example.forward();
  cuda::PointwiseForward work = example.forward_work();
  float wanted = 0;
  if (around.norm_behind) work.moments = &wanted;
  CountedTraffic traffic = counted(bytes_of(work), {});
  traffic.maps_asked = asked_reads({work.x, work.residual}) / bytes_of(work).maps_read;
  return traffic;
}

inline CountedTraffic backward_traffic(const PointwiseShape& shape, Storage storage,
                                       const PointwiseSurroundings& around) {
  const PointwiseExample example(shape, storage, around);
  emulator::clear_launches();
  example.backward();
  cuda::PointwiseBackward work = example.backward_work();
  float wanted = 0;
  if (around.norm_before && !around.gate) work.sums = &wanted;
  CountedTraffic traffic = counted(bytes_of(work), {});
  traffic.maps_asked = asked_reads({work.x, work.y, work.y_gradient, work.addend}) / bytes_of(work).maps_read;
  return traffic;
}

}  // namespace effnet::tests
