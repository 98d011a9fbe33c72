// The activation functions a net can be made of: identity, ReLU, ReLU6 = min(max(x, 0), 6), SiLU = x *
// sigmoid(x) (arXiv 1606.08415), hard-swish = x * ReLU6(x + 3) / 6 (arXiv 1905.02244).
#pragma once

#include <torch/torch.h>

#include "spec/arch_spec.h"

namespace effnet::models {

// `x` may be overwritten where no gradient needs it.
torch::Tensor activate(torch::Tensor x, spec::Activation activation);

}  // namespace effnet::models
