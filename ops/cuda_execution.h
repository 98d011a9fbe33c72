// What the operators of ops/ on CUDA have in common: tensors as memory, LibTorch's stream, memory to work in.
#pragma once

#include <torch/torch.h>

#include "cuda/batch_norm.h"
#include "cuda/work.h"
#include "ops/batch_norm.h"
#include "ops/execution.h"
#include "ops/flat_parameters.h"
#include "ops/map_memory.h"

namespace effnet::ops {

// Whether the kernels of cuda/ are those for a tensor.
inline bool runs_on_cuda(const ExecutionContext& context, const torch::Tensor& x) {
  return x.is_cuda() || (x.is_cpu() && context.cuda_memory() == CudaMemory::kHost);
}

// LibTorch's current one on the tensor's device.
cuda::Stream stream_of(const torch::Tensor& tensor);

inline cuda::Storage storage_of(const torch::Tensor& map) {
  return map.scalar_type() == torch::kBFloat16 ? cuda::Storage::kBfloat16 : cuda::Storage::kFloat;
}

// Why there are no kernels for maps like x and parameters like `weight`, or null.
const char* storage_refusal(const torch::Tensor& x, const torch::Tensor& weight);

// A weight of products as the kernels take it: stored as the maps are, at a multiple of 16 bytes. `flat` may be null.
torch::Tensor product_weight(const torch::Tensor& weight, const torch::Tensor& x,
                             const FlatParameters* flat = nullptr);

// A map of x's kind, (N, C, H, W) channels_last; contents not set.
inline torch::Tensor map_like(const torch::Tensor& x, std::int64_t channels, std::int64_t height,
                              std::int64_t width) {
  return torch::empty({x.size(0), channels, height, width}, x.options().memory_format(kChannelsLast));
}
// Floats beside x.
inline torch::Tensor floats_like(const torch::Tensor& x, at::IntArrayRef sizes) {
  return torch::empty(sizes, x.options().dtype(torch::kFloat).memory_format(c10::nullopt));
}

inline void* map_memory(const torch::Tensor& map) {
  return map.defined() ? map.data_ptr() : nullptr;
}
inline float* float_memory(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

inline cuda::NormWeights norm_weights(const BatchNorm& norm) {
  if (!norm.weight.defined()) return {};
  return {float_memory(norm.weight),
          float_memory(norm.bias),
          float_memory(norm.running_mean),
          float_memory(norm.running_var),
          norm.eps,
          norm.momentum};
}
inline cuda::NormGradients norm_gradients(const BatchNorm& gradients) {
  return {float_memory(gradients.weight), float_memory(gradients.bias)};
}
// (4 or 5, C)
inline cuda::NormState norm_state(const torch::Tensor& tensor) {
  return tensor.defined() ? cuda::NormState::in(float_memory(tensor), tensor.size(1)) : cuda::NormState{};
}

// The gradient of a raw map's norm (ops/map.h), (5, C).
inline cuda::NormFactors factors_of_raw(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  float* const first = float_memory(tensor);
  return {first, first + tensor.size(1), first + 2 * tensor.size(1)};
}
inline BatchNorm gradients_of_raw(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {.weight = tensor.select(0, 3), .bias = tensor.select(0, 4)};
}

// Runs the kernels of a block of cuda/ on the stream of x, in memory that goes back to LibTorch at once: whoever gets it
// next is behind them in the stream.
template <class Block>
void run_on_cuda(const Block& block, const torch::Tensor& x) {
  cuda::Carver counter(nullptr);
  work_of(block, counter);
  const torch::Tensor memory = torch::empty({static_cast<std::int64_t>(counter.most())},
                                            x.options().dtype(torch::kByte).memory_format(c10::nullopt));
  cuda::Carver carver(memory.data_ptr());
  cuda::run(work_of(block, carver), stream_of(x));
}

}  // namespace effnet::ops
