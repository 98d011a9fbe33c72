// Where, by whom and in which numbers a training is computed.
#pragma once

#include <torch/torch.h>

#include "ops/execution.h"

namespace effnet::training {

struct Compute {
  torch::Device device = torch::kCPU;
  ops::Kernels kernels = ops::Kernels::kAuto;
  at::ScalarType maps = torch::kFloat;  // how maps are stored, or bfloat16; parameters are always floats
  bool graph = true;                    // training steps on a GPU as a CUDA graph
  ops::CudaMemory cuda_memory = ops::CudaMemory::kDevice;

  ops::ExecutionContext context() const {
    return ops::ExecutionContext(kernels, ops::ExecutionContext::Memory::kOfContext, cuda_memory);
  }
};

}  // namespace effnet::training
