#include "training/optimizer.h"

namespace effnet::training {

Optimizer::Optimizer(const spec::Recipe& recipe, FlatState& state)
    : recipe_(recipe), state_(state), momentum_(torch::zeros_like(state.parameters)) {
  if (recipe_.opt == spec::OptimizerKind::kRmspropTf) mean_square_ = torch::ones_like(state.parameters);
}

void Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  if (recipe_.clip_grad > 0) {
    // As a tensor operation, so that nobody waits for the norm's value.
    const torch::Tensor scale = (recipe_.clip_grad / (state_.gradients.norm() + 1e-6)).clamp_max_(1);
    state_.gradients.mul_(scale);
  }
  if (recipe_.weight_decay > 0) {
    state_.gradients.narrow(0, 0, state_.decayed)
        .add_(state_.parameters.narrow(0, 0, state_.decayed), recipe_.weight_decay);
  }
  if (recipe_.opt == spec::OptimizerKind::kSgd)
    step_sgd(learning_rate);
  else
    step_rmsprop_tf(learning_rate);
}

void Optimizer::step_sgd(double learning_rate) {
  momentum_.mul_(recipe_.momentum).add_(state_.gradients);
  state_.parameters.add_(state_.gradients, -learning_rate).add_(momentum_, -learning_rate * recipe_.momentum);
}

void Optimizer::step_rmsprop_tf(double learning_rate) {
  const torch::Tensor& g = state_.gradients;
  mean_square_.mul_(recipe_.rms_decay).addcmul_(g, g, 1 - recipe_.rms_decay);
  momentum_.mul_(recipe_.momentum).addcdiv_(g, (mean_square_ + recipe_.opt_eps).sqrt_(), learning_rate);
  state_.parameters.sub_(momentum_);
}

models::NamedTensors Optimizer::tensors() const {
  models::NamedTensors tensors{{"momentum", momentum_}};
  if (mean_square_.defined()) tensors.emplace_back("mean_square", mean_square_);
  return tensors;
}

}  // namespace effnet::training
