// Batch norm and activation as one step of autograd (models/norm_loops.h), on the CPU, in float, channels_last. Only x
// and two numbers a channel are kept for the backward pass, where the activation is worked out once more.
#pragma once

#include <torch/torch.h>

#include "spec/arch_spec.h"

namespace effnet::models {

struct NormState {
  torch::Tensor weight, bias;               // (C)
  torch::Tensor running_mean, running_var;  // (C), changed while training
  double eps = 1e-3;
  double momentum = 0.1;  // running = (1 - m) * running + m * batch
};

bool supports_batch_norm_act(const torch::Tensor& x);

// act(batch norm(x)), x (N, C, H, W). Training: with the batch's statistics, biased in the result and unbiased in
// running_var, as LibTorch's. A training batch of one value a channel is Error of LibTorch's kind, as there.
torch::Tensor batch_norm_act_train(const torch::Tensor& x, const NormState& norm,
                                   spec::Activation activation);
torch::Tensor batch_norm_act_eval(const torch::Tensor& x, const NormState& norm, spec::Activation activation);

}  // namespace effnet::models
