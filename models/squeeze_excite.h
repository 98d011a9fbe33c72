// Squeeze-and-excite (arXiv 1709.01507): y = x * sigmoid(W2 act(W1 mean(x) + b1) + b2), the mean over the
// map. The two 1x1 convolutions with bias are named reduce and expand; on a 1x1 map they are matrix products.
#pragma once

#include <torch/torch.h>

#include "spec/arch_spec.h"

namespace effnet::models {

class SqueezeExciteImpl : public torch::nn::Module {
 public:
  SqueezeExciteImpl(int channels, int squeezed_channels, spec::Activation activation);

  torch::Tensor forward(const torch::Tensor& x);  // (N, C, H, W)

  // A 1x1 convolution's parameters, (out, in, 1, 1) and (out).
  struct Pointwise : torch::nn::Module {
    Pointwise(int in_channels, int out_channels);
    torch::Tensor weight, bias;
  };
  std::shared_ptr<Pointwise> reduce, expand;

 private:
  spec::Activation activation_;
};
TORCH_MODULE(SqueezeExcite);

}  // namespace effnet::models
