// A whole net at inference as one operator, on the CPU (cpu/inference.h) and on CUDA (cuda/inference_net.h): the prepared net
// that is kept from call to call for as long as the weights stay what they are.
#pragma once

#include <memory>

#include "cpu/inference.h"
#include "ops/net_terms.h"

namespace effnet::ops {

class CudaPreparedNet;

class PreparedNet {
 public:
  PreparedNet();
  ~PreparedNet();

  // Of maps and of the weights of products (cpu/inference.h); another one than before forgets what was prepared.
  void use(cpu::Precision precision);
  cpu::Precision precision() const { return precision_; }

  // pictures (N, C, H, W) -> logits (N, classes); an undefined tensor where there are no kernels for it, or where
  // gradients are asked for. On CUDA the memory of the maps is kept from call to call, for one call at a time.
  torch::Tensor run(const NetTerms& terms, const torch::Tensor& pictures, const ExecutionContext& context);

  // Forgets what was prepared: after writes to the weights that their tensors do not know of.
  void reset();

  int preparations() const { return preparations_; }  // so far

 private:
  // Whether what was prepared is of these weights; if not, it is forgotten.
  bool is_of(const NetTerms& terms);
  void prepare(const NetTerms& terms, std::int64_t picture_channels);
  torch::Tensor run_on_cpu(const NetTerms& terms, const torch::Tensor& pictures,
                           const ExecutionContext& context);
  torch::Tensor run_on_device(const NetTerms& terms, const torch::Tensor& pictures);

  std::unique_ptr<cpu::InferenceNet> net_;
  std::unique_ptr<CudaPreparedNet> cuda_net_;
  std::uint64_t fingerprint_ = 0;  // of the weights that they were made from
  int preparations_ = 0;
  cpu::Precision precision_ = cpu::Precision::kFloat;
};

}  // namespace effnet::ops
