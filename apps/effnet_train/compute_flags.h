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

std::string to_text(ops::Kernels kernels);  // as --kernels takes it

// That the project's kernels use: "avx512"; empty where LibTorch's operators compute.
std::string instruction_set(ops::Kernels kernels, const torch::Device& device);

// Sets LibTorch's threads and memory for the whole process. Error{kEnvironment} if the device is not there.
torch::Device prepare_compute(const ComputeFlags& flags);

}  // namespace effnet::apps
