#include "training/optimizer.h"

namespace effnet::training {

Optimizer::Optimizer(const spec::Recipe& recipe, const FlatState& state, const ops::ExecutionContext& context)
    : step_{.parameters = state.parameters,
            .gradients = state.gradients,
            .momentum = torch::zeros_like(state.parameters),
            .decayed = state.decayed,
            .weight_decay = recipe.weight_decay,
            .momentum_decay = recipe.momentum,
            .mean_square_decay = recipe.rms_decay,
            .eps = recipe.opt_eps,
            .largest_norm = recipe.clip_grad,
            .scalars = ops::new_scalars(state.parameters)},
      context_(context) {
  if (recipe.opt == spec::OptimizerKind::kSgd) return;
  step_.rule = ops::OptimizerRule::kRmspropTf;
  step_.mean_square = torch::ones_like(state.parameters);
}

void Optimizer::prepare(double learning_rate, const Averaging& averaging) {
  step_.learning_rate = learning_rate;
  step_.average = averaging.average;
  step_.average_share = averaging.share;
  ops::write_scalars(step_);
}

void Optimizer::run() {
  ops::optimizer_step(step_, context_);
}

models::NamedTensors Optimizer::tensors() const {
  models::NamedTensors tensors{{"momentum", step_.momentum}};
  if (step_.mean_square.defined()) tensors.emplace_back("mean_square", step_.mean_square);
  return tensors;
}

}  // namespace effnet::training
