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
#include "ops/optimizer_step.h"
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
  Optimizer(const spec::Recipe& recipe, const FlatState& state, const ops::ExecutionContext& context = {});

  // Each step leaves the new parameters there, too; (P) in bfloat16.
  void keep_copy_in(const torch::Tensor& copy) { step_.bfloat16_copy = copy; }

  // One step with the gradients that are there, which are 0 afterwards.
  void step(double learning_rate, const Averaging& averaging = {}) {
    prepare(learning_rate, averaging);
    run();
  }
  // The same in two: what comes from the host, and what can be part of a CUDA graph.
  void prepare(double learning_rate, const Averaging& averaging = {});
  void run();

  // The share of the averaging, a scalar in memory that prepare() writes.
  torch::Tensor share() const { return ops::share_in(step_.scalars); }

  models::NamedTensors tensors() const;  // what a checkpoint keeps, flat (P)

 private:
  ops::OptimizerStep step_;
  ops::ExecutionContext context_;
};

}  // namespace effnet::training
