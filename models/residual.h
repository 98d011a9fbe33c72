// The residual connection with stochastic depth (arXiv 1603.09382): while training, the main path of every
// picture is left out with probability drop_path, and divided by the survival otherwise, so its expectation
// stays.
#pragma once

#include <torch/torch.h>

#include "models/noise.h"

namespace effnet::models {

enum class Mode { kTrain, kEval };

torch::Tensor residual(const torch::Tensor& main, const torch::Tensor& shortcut, double drop_path,
                       Noise& noise, Mode mode);

}  // namespace effnet::models
