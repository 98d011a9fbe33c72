// --threads, --device and --kernels: where and by whom the arithmetic is done.
#pragma once

#include <torch/torch.h>

#include <string>

#include "ops/execution.h"

namespace CLI {
class App;
}

namespace effnet::apps {

struct ComputeFlags {
  int threads = 1;
  std::string device = "cpu";
  ops::Kernels kernels = ops::Kernels::kAuto;
};

void add_compute_flags(CLI::App& command, ComputeFlags& flags);

// Sets LibTorch's threads for the whole process. Error{kEnvironment} if the device is not there.
torch::Device prepare_compute(const ComputeFlags& flags);

}  // namespace effnet::apps
