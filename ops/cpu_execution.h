// What the operators of ops/ on the CPU have in common: LibTorch's threads as a parallel_for, tensors as memory.
#pragma once

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "cpu/isa.h"
#include "cpu/mbconv.h"
#include "ops/batch_norm.h"
#include "ops/execution.h"
#include "ops/map_memory.h"

namespace effnet::ops {

// Runs tasks on LibTorch's threads; whichever takes which, a task's result is the same.
const cpu::ParallelFor& torch_threads();

inline cpu::Execution execution_of(const ExecutionContext& context) {
  static const cpu::KernelTable& kernels = cpu::best_kernels();
  return {kernels, torch_threads(), context.workspace()};
}

inline const float* data_of(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}
inline float* memory_of(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr;
}

inline cpu::BatchNormWeights weights_of(const BatchNorm& norm) {
  if (!norm.weight.defined()) return {};
  return {data_of(norm.weight),        data_of(norm.bias), memory_of(norm.running_mean),
          memory_of(norm.running_var), norm.eps,           norm.momentum};
}

// (N, C, H, W) channels_last, contents not set.
inline torch::Tensor new_map(std::int64_t batch, std::int64_t channels, std::int64_t height,
                             std::int64_t width) {
  return torch::empty({batch, channels, height, width}, torch::TensorOptions().memory_format(kChannelsLast));
}

// The state of one batch norm as a (4, C) tensor.
inline cpu::BatchNormState state_in(const torch::Tensor& tensor) {
  return tensor.defined() ? cpu::BatchNormState::in(memory_of(tensor), tensor.size(1))
                          : cpu::BatchNormState{};
}

// Whether every one of the maps and weights is a float on the CPU.
bool are_cpu_floats(at::ArrayRef<torch::Tensor> tensors);

}  // namespace effnet::ops
