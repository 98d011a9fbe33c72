// --threads, --device, --dtype, --graph and --kernels: where, in which numbers and by whom the arithmetic is done.
#pragma once

#include <torch/torch.h>

#include <string>

#include "training/compute.h"

namespace CLI {
class App;
}

namespace effnet::apps {

struct ComputeFlags {
  int threads = 1;
  std::string device = "cpu";
  ops::Kernels kernels = ops::Kernels::kAuto;
  std::string dtype = "float";
  std::string graph = "auto";
};

void add_compute_flags(CLI::App& command, ComputeFlags& flags);

std::string to_text(ops::Kernels kernels);  // as --kernels takes it

std::string to_text(at::ScalarType maps);  // as --dtype takes it

// That the project's kernels use: "avx512"; empty where LibTorch's operators compute.
std::string instruction_set(const training::Compute& compute);

// Sets LibTorch's threads and memory for the whole process. Error{kEnvironment} if the device is not there.
training::Compute prepare_compute(const ComputeFlags& flags);

}  // namespace effnet::apps
