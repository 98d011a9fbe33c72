// The activation functions of kernels/activation.h on tensors, by LibTorch.
#pragma once

#include <torch/torch.h>

#include "kernels/activation.h"

namespace effnet::ops {

// `x` may be overwritten where no gradient needs it.
torch::Tensor activate(torch::Tensor x, kernels::Activation activation);

}  // namespace effnet::ops
