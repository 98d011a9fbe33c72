// The tensors of a batch norm (arXiv 1502.03167) as operators take them.
#pragma once

#include <torch/torch.h>

namespace effnet::ops {

struct BatchNorm {
  torch::Tensor weight, bias;               // (C)
  torch::Tensor running_mean, running_var;  // (C), changed while training
  double eps = 1e-3;
  double momentum = 0.01;  // running = (1 - m) * running + m * batch, the variance unbiased
};

}  // namespace effnet::ops
