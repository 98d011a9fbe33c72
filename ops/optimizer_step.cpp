#include "ops/optimizer_step.h"

#include <algorithm>

#include "cpu/optimizer_step.h"
#include "ops/cpu_execution.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

// What gradients are multiplied with, a tensor so that nobody waits for the norm of a GPU.
Tensor clipping_factor(const OptimizerStep& step) {
  return (step.largest_norm / (step.gradients.norm() + 1e-6)).clamp_max_(1);
}

void step_by_kernel(const OptimizerStep& step) {
  const cpu::KernelTable& kernels = cpu::best_kernels();
  const double factor = step.largest_norm > 0 ? clipping_factor(step).item<double>() : 1;
  const auto as_float = [](double value) { return static_cast<float>(value); };
  cpu::optimizer_step(torch_threads(), step.rule == OptimizerRule::kSgd ? kernels.sgd : kernels.rmsprop_tf,
                      {.count = step.parameters.numel(),
                       .parameters = memory_of(step.parameters),
                       .gradients = memory_of(step.gradients),
                       .momentum = memory_of(step.momentum),
                       .mean_square = memory_of(step.mean_square),
                       .average = memory_of(step.average),
                       .gradient_factor = as_float(factor),
                       .weight_decay = as_float(step.weight_decay),
                       .learning_rate = as_float(step.learning_rate),
                       .momentum_decay = as_float(step.momentum_decay),
                       .mean_square_decay = as_float(step.mean_square_decay),
                       .eps = as_float(step.eps),
                       .average_share = as_float(step.average_share)},
                      step.decayed);
}

}  // namespace

void optimizer_step(const OptimizerStep& step, Kernels kernels) {
  const torch::NoGradGuard no_grad;
  if (kernels == Kernels::kReference || !are_cpu_floats({step.parameters, step.gradients, step.average}))
    return reference::optimizer_step(step);
  step_by_kernel(step);
}

void reference::optimizer_step(const OptimizerStep& step) {
  const torch::NoGradGuard no_grad;
  const Tensor &p = step.parameters, &g = step.gradients, &momentum = step.momentum;
  if (step.largest_norm > 0) g.mul_(clipping_factor(step));
  if (step.weight_decay > 0)
    g.narrow(0, 0, step.decayed).add_(p.narrow(0, 0, step.decayed), step.weight_decay);
  if (step.rule == OptimizerRule::kSgd) {
    momentum.mul_(step.momentum_decay).add_(g);
    p.add_(g, -step.learning_rate).add_(momentum, -step.learning_rate * step.momentum_decay);
  } else {
    step.mean_square.mul_(step.mean_square_decay).addcmul_(g, g, 1 - step.mean_square_decay);
    momentum.mul_(step.momentum_decay).addcdiv_(g, (step.mean_square + step.eps).sqrt_(), step.learning_rate);
    p.sub_(momentum);
  }
  if (step.average.defined()) step.average.lerp_(p, step.average_share);
  g.zero_();
}

}  // namespace effnet::ops
