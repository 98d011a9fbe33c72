// The residual connection with stochastic depth (arXiv 1603.09382): while training, the main path of every
// picture is left out with probability drop_path, and divided by the survival otherwise, so its expectation
// stays.
#pragma once

#include <torch/torch.h>

#include "models/noise.h"
#include "ops/execution.h"

namespace effnet::models {

torch::Tensor residual(const torch::Tensor& main, const torch::Tensor& shortcut, double drop_path,
                       Noise& noise, ops::Mode mode);

}  // namespace effnet::models
