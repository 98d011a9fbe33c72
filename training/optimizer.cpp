#include "training/optimizer.h"

#include "ops/optimizer_step.h"

namespace effnet::training {

Optimizer::Optimizer(const spec::Recipe& recipe, FlatState& state, const ops::ExecutionContext& context)
    : recipe_(recipe),
      state_(state),
      context_(context),
      momentum_(torch::zeros_like(state.parameters)),
      scalars_(ops::new_scalars(state.parameters)) {
  if (recipe_.opt == spec::OptimizerKind::kRmspropTf) mean_square_ = torch::ones_like(state.parameters);
}

void Optimizer::step(double learning_rate, const Averaging& averaging) {
  const bool sgd = recipe_.opt == spec::OptimizerKind::kSgd;
  ops::optimizer_step({.rule = sgd ? ops::OptimizerRule::kSgd : ops::OptimizerRule::kRmspropTf,
                       .parameters = state_.parameters,
                       .gradients = state_.gradients,
                       .momentum = momentum_,
                       .mean_square = mean_square_,
                       .average = averaging.average,
                       .decayed = state_.decayed,
                       .weight_decay = recipe_.weight_decay,
                       .learning_rate = learning_rate,
                       .momentum_decay = recipe_.momentum,
                       .mean_square_decay = recipe_.rms_decay,
                       .eps = recipe_.opt_eps,
                       .largest_norm = recipe_.clip_grad,
                       .average_share = averaging.share,
                       .scalars = scalars_},
                      context_);
}

models::NamedTensors Optimizer::tensors() const {
  models::NamedTensors tensors{{"momentum", momentum_}};
  if (mean_square_.defined()) tensors.emplace_back("mean_square", mean_square_);
  return tensors;
}

}  // namespace effnet::training
