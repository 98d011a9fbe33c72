// effnet-bench train --device cuda: whole training steps of nets at their own resolution on pictures that lie on the
// device, by the project's kernels and by LibTorch's operators, eager or as one CUDA graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/effnet_bench/bench_flags.h"

namespace effnet::apps {

struct DeviceTrainFlags {
  std::vector<std::string> nets{"b0"};
  std::int64_t batch = 128;
  std::string dtype = "bfloat16";  // of maps
  std::string csv;
};

// spec::Error{kEnvironment} where there is no device.
void train_on_device(const BenchFlags& flags, const DeviceTrainFlags& of);

}  // namespace effnet::apps
