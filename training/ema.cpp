#include "training/ema.h"

#include "training/schedule.h"

namespace effnet::training {

Ema::Ema(models::Net net, const FlatState& state, double decay)
    : net_(std::move(net)), average_(*net_), decay_(decay) {
  start_from(state);
}

void Ema::start_from(const FlatState& state) {
  const torch::NoGradGuard no_grad;
  average_.parameters.copy_(state.parameters);
  average_.buffers.copy_(state.buffers);
}

void Ema::update(const FlatState& state, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  const double share = 1 - ema_decay(decay_, step);
  average_.parameters.lerp_(state.parameters, share);
  average_.buffers.lerp_(state.buffers, share);
}

}  // namespace effnet::training
