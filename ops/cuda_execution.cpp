#include "ops/cuda_execution.h"

namespace effnet::ops {

const char* storage_refusal(const torch::Tensor& x, const torch::Tensor& weight) {
  if (!cuda::has_kernels()) return "this program was built without CUDA kernels";
  if (x.scalar_type() != torch::kFloat && x.scalar_type() != torch::kBFloat16)
    return "only maps of float and bfloat16 have a kernel on CUDA";
  if (weight.scalar_type() != torch::kFloat) return "only parameters in float have a kernel on CUDA";
  return nullptr;
}

torch::Tensor product_weight(const torch::Tensor& weight, const torch::Tensor& x,
                             const FlatParameters* flat) {
  const auto is_aligned = [](const torch::Tensor& tensor) {
    return reinterpret_cast<std::uintptr_t>(tensor.data_ptr()) % 16 == 0;
  };
  if (flat && x.scalar_type() == torch::kBFloat16) {
    if (torch::Tensor copy = flat->part_of(flat->bfloat16, weight); copy.defined() && is_aligned(copy))
      return copy;
  }
  const torch::Tensor stored = weight.to(x.scalar_type());
  return is_aligned(stored) ? stored : stored.clone();
}

}  // namespace effnet::ops
