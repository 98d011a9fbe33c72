// An optimizer's step, weight decay, clipping and the moving average in one pass: every array is read and written once.
// Plain loops: without dependencies between elements the compiler turns them into vectors by itself.
#include "cpu/simd/optimizer.h"

namespace effnet::cpu::EFFNET_ISA {
namespace {

// With what `update(i, parameter, gradient)` gives as the new parameter.
template <class Update>
EFFNET_INLINE void each_parameter(const OptimizerStep& of, Update&& update) {
  float* __restrict parameters = of.parameters;
  float* __restrict gradients = of.gradients;
  float* __restrict average = of.average;
  const float factor = of.gradient_factor, decay = of.weight_decay, share = of.average_share;
  const auto step = [&](Index i) {
    const float parameter = parameters[i];
    parameters[i] = update(i, parameter, gradients[i] * factor + parameter * decay);
    gradients[i] = 0;
    return parameters[i];
  };
  if (average) {
    for (Index i = 0; i < of.count; ++i) average[i] += share * (step(i) - average[i]);
  } else {
    for (Index i = 0; i < of.count; ++i) step(i);
  }
}

}  // namespace

void sgd(const OptimizerStep& of) {
  float* __restrict momentum = of.momentum;
  const float rate = of.learning_rate, decay = of.momentum_decay;
  each_parameter(of, [=](Index i, float parameter, float gradient) {
    momentum[i] = momentum[i] * decay + gradient;
    return parameter - rate * (gradient + decay * momentum[i]);
  });
}

void rmsprop_tf(const OptimizerStep& of) {
  float* __restrict momentum = of.momentum;
  float* __restrict mean_square = of.mean_square;
  const float rate = of.learning_rate, decay = of.momentum_decay, square_decay = of.mean_square_decay,
              eps = of.eps;
  each_parameter(of, [=](Index i, float parameter, float gradient) {
    mean_square[i] = mean_square[i] * square_decay + (1 - square_decay) * gradient * gradient;
    momentum[i] = momentum[i] * decay + rate * gradient / __builtin_sqrtf(mean_square[i] + eps);
    return parameter - momentum[i];
  });
}

}  // namespace effnet::cpu::EFFNET_ISA
