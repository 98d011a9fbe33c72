#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace effnet::training {

double learning_rate(const spec::Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch) {
  const double peak = recipe.effective_lr();
  const double epoch = static_cast<double>(step) / static_cast<double>(steps_per_epoch);
  if (epoch < recipe.warmup_epochs) {
    const double warmup_steps = recipe.warmup_epochs * static_cast<double>(steps_per_epoch);
    return peak * std::min(1.0, static_cast<double>(step) / warmup_steps);
  }
  switch (recipe.sched) {
    case spec::ScheduleKind::kConstant:
      return peak;
    case spec::ScheduleKind::kCosine:
      return peak * (1 + std::cos(std::numbers::pi * std::min(1.0, epoch / recipe.epochs))) / 2;
    case spec::ScheduleKind::kExponential:
      // A hair above, because 2.4 is no binary fraction and the stair must not come a step late.
      return peak * std::pow(recipe.decay_rate, std::floor(epoch / recipe.decay_epochs + 1e-9));
  }
  return peak;
}

double ema_decay(double decay, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return std::min(decay, (1 + t) / (10 + t));
}

}  // namespace effnet::training
