#include "training/ema.h"

#include "training/schedule.h"

namespace effnet::training {

Ema::Ema(models::Net net, const FlatState& state, double decay)
    : net_(std::move(net)), average_(*net_, state.alignment), decay_(decay) {
  start_from(state);
}

void Ema::start_from(const FlatState& state) {
  const torch::NoGradGuard no_grad;
  average_.parameters.copy_(state.parameters);
  average_.buffers.copy_(state.buffers);
}

Averaging Ema::parameters_at(std::int64_t step) const {
  return {average_.parameters, 1 - ema_decay(decay_, step)};
}

void Ema::update_statistics(const FlatState& state, const torch::Tensor& share) {
  const torch::NoGradGuard no_grad;
  average_.buffers.lerp_(state.buffers, share.to(state.buffers.scalar_type()));
}

}  // namespace effnet::training
