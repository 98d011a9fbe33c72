// The optimizers, each one operator over all parameters at once (training/flat_state.h, ops/optimizer_step.h). L2
// weight decay is added to the gradient of all parameters but batch norm's; then
//
//   sgd        buf = momentum * buf + g;  p -= lr * (g + momentum * buf)      (Nesterov; PyTorch's form)
//   rmsproptf  ms = decay * ms + (1 - decay) * g^2, ms starts at 1
//              mom = momentum * mom + lr * g / sqrt(ms + eps);  p -= mom      (TensorFlow's form)
//
// TensorFlow's RMSProp has eps inside the root, the rate inside the momentum and ms from 1; PyTorch's has
// none of these.
#pragma once

#include <torch/torch.h>

#include "models/weights/state_file.h"
#include "ops/execution.h"
#include "spec/recipe.h"
#include "training/flat_state.h"

namespace effnet::training {

// The moving average that follows a step: average += share * (parameters - average). None if undefined.
struct Averaging {
  torch::Tensor average;  // (P)
  double share = 0;
};

class Optimizer {
 public:
  // `state` outlives the optimizer.
  Optimizer(const spec::Recipe& recipe, FlatState& state, const ops::ExecutionContext& context = {});

  // One step with the gradients that are there, which are 0 afterwards.
  void step(double learning_rate, const Averaging& averaging = {});

  models::NamedTensors tensors() const;  // what a checkpoint keeps, flat (P)

 private:
  spec::Recipe recipe_;
  FlatState& state_;
  ops::ExecutionContext context_;
  torch::Tensor momentum_;     // (P)
  torch::Tensor mean_square_;  // (P), rmsproptf only
  torch::Tensor scalars_;      // of a step on CUDA, beside the parameters
};

}  // namespace effnet::training
