// The learning rate of every step, a pure function of its number (arXiv 1905.11946 section 5.2 and
// tensorflow/tpu efficientnet utils.py). With e = step / steps_per_epoch and a = Recipe::effective_lr():
//
//   warm-up      e < warmup_epochs:  a * e / warmup_epochs, from 0
//   constant     a
//   cosine       a * (1 + cos(pi * e / epochs)) / 2, the warm-up cut out of its beginning
//   exponential  a * decay_rate ^ floor(e / decay_epochs)
#pragma once

#include <cstdint>

#include "spec/recipe.h"

namespace effnet::training {

// Step 0 is the first.
double learning_rate(const spec::Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch);

// Decay of the weights' moving average after `step` steps: min(decay, (1 + step) / (10 + step)).
double ema_decay(double decay, std::int64_t step);

}  // namespace effnet::training
