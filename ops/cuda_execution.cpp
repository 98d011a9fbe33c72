#include "ops/cuda_execution.h"

namespace effnet::ops {

const char* storage_refusal(const torch::Tensor& x, const torch::Tensor& weight) {
  if (!cuda::has_kernels()) return "this program was built without CUDA kernels";
  if (x.scalar_type() != torch::kFloat && x.scalar_type() != torch::kBFloat16)
    return "only maps of float and bfloat16 have a kernel on CUDA";
  if (weight.scalar_type() != torch::kFloat) return "only parameters in float have a kernel on CUDA";
  return nullptr;
}

torch::Tensor product_weight(const torch::Tensor& weight, const torch::Tensor& x) {
  const torch::Tensor stored = weight.to(x.scalar_type());
  return reinterpret_cast<std::uintptr_t>(stored.data_ptr()) % 16 == 0 ? stored : stored.clone();
}

}  // namespace effnet::ops
