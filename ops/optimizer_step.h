// A step of an optimizer over all parameters of a net in one block (training/optimizer.h has the rules), with weight
// decay, clipping and the moving average of the parameters: one pass over memory by the project's kernels, a dozen
// operators by the reference.
#pragma once

#include <torch/torch.h>

#include "ops/execution.h"

namespace effnet::ops {

enum class OptimizerRule { kSgd, kRmspropTf };

struct OptimizerStep {
  OptimizerRule rule = OptimizerRule::kSgd;
  torch::Tensor parameters, gradients, momentum;  // (P), changed; the gradients are 0 afterwards
  torch::Tensor mean_square;                      // (P), RMSProp only
  torch::Tensor average;        // (P), average += share * (parameters - average); may be undefined
  torch::Tensor bfloat16_copy;  // (P), of the new parameters; may be undefined
  std::int64_t decayed = 0;     // weight decay reaches so many parameters from the first on
  double weight_decay = 0, learning_rate = 0, momentum_decay = 0, mean_square_decay = 0, eps = 0;
  double largest_norm = 0;  // of the gradients, which are scaled down to it; 0: any
  double average_share = 0;
  torch::Tensor scalars;  // of new_scalars(), written by write_scalars()
};

// Writes what differs from step to step to where the kernels of CUDA read it. It comes before optimizer_step(), which asks
// the host for nothing then and may be part of a CUDA graph.
void write_scalars(const OptimizerStep& step);
// average_share as write_scalars() wrote it: a scalar beside the parameters.
torch::Tensor share_in(const torch::Tensor& scalars);

void optimizer_step(const OptimizerStep& step, const ExecutionContext& context);

// Floats beside the parameters that steps of one optimizer are given in.
torch::Tensor new_scalars(const torch::Tensor& parameters);

namespace reference {
void optimizer_step(const OptimizerStep& step);
}

}  // namespace effnet::ops
