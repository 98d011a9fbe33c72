// ops/inference.h by the kernels of cuda/inference_net.h.
#pragma once

#include <vector>

#include "cpu/inference.h"
#include "cuda/inference_net.h"
#include "ops/net_terms.h"

namespace effnet::ops {

// Why these kernels do not do it, or null.
const char* cuda_inference_refusal(const NetTerms& terms, const torch::Tensor& pictures);

// A net's weights as the kernels take them, and the memory and the kernels of the last call, which are those of the next one
// where that has as many pictures of the same size.
class CudaPreparedNet {
 public:
  CudaPreparedNet(const NetTerms& terms, cpu::Precision precision);

  // pictures (N, C, H, W) -> logits (N, classes) in float; the classifier is LibTorch's.
  torch::Tensor run(const torch::Tensor& pictures);

 private:
  void plan(const torch::Tensor& map);

  cuda::InferenceNet net_;
  std::vector<torch::Tensor> kept_;  // whose memory net_ points to
  torch::Tensor classifier_weight_, classifier_bias_;

  std::vector<std::int64_t> planned_;  // sizes of the pictures that these are for
  torch::Tensor memory_, pooled_;
  cuda::WorkList list_;
};

}  // namespace effnet::ops
