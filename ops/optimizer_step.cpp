#include "ops/optimizer_step.h"

#include <algorithm>
#include <cstddef>

#include "cpu/optimizer_step.h"
#include "cuda/optimizer_step.h"
#include "ops/cpu_execution.h"
#include "ops/cuda_execution.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

float as_float(double value) {
  return static_cast<float>(value);
}

// What gradients are multiplied with, a tensor so that nobody waits for the norm of a GPU.
Tensor clipping_factor(const OptimizerStep& step) {
  return (step.largest_norm / (step.gradients.norm() + 1e-6)).clamp_max_(1);
}

void step_on_cpu(const OptimizerStep& step) {
  const cpu::KernelTable& kernels = cpu::best_kernels();
  const double factor = step.largest_norm > 0 ? clipping_factor(step).item<double>() : 1;
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

// The norm, where it is asked for, writes the factor that the step reads.
void step_on_cuda(const OptimizerStep& step) {
  auto* scalars = static_cast<cuda::OptimizerScalars*>(step.scalars.data_ptr());
  const cuda::Stream stream = stream_of(step.parameters);
  const std::int64_t count = step.parameters.numel();
  if (step.largest_norm > 0) {
    const Tensor parts =
        torch::empty({cuda::norm_parts(count)}, step.parameters.options().dtype(torch::kDouble));
    cuda::run(cuda::GradientNorm{.count = count,
                                 .gradients = float_memory(step.gradients),
                                 .largest = as_float(step.largest_norm),
                                 .parts = parts.data_ptr<double>(),
                                 .scalars = scalars},
              stream);
  }
  cuda::run(cuda::OptimizerStep{.rule = step.rule == OptimizerRule::kSgd ? cuda::OptimizerRule::kSgd
                                                                         : cuda::OptimizerRule::kRmspropTf,
                                .count = count,
                                .decayed = step.decayed,
                                .parameters = float_memory(step.parameters),
                                .gradients = float_memory(step.gradients),
                                .momentum = float_memory(step.momentum),
                                .mean_square = float_memory(step.mean_square),
                                .average = float_memory(step.average),
                                .bfloat16_copy = map_memory(step.bfloat16_copy),
                                .weight_decay = as_float(step.weight_decay),
                                .momentum_decay = as_float(step.momentum_decay),
                                .mean_square_decay = as_float(step.mean_square_decay),
                                .eps = as_float(step.eps),
                                .scalars = scalars},
            stream);
}

}  // namespace

void optimizer_step(const OptimizerStep& step, const ExecutionContext& context) {
  const torch::NoGradGuard no_grad;
  if (!context.by_own_kernels() || step.parameters.scalar_type() != torch::kFloat)
    return reference::optimizer_step(step);
  if (runs_on_cuda(context, step.parameters))
    return cuda::has_kernels() ? step_on_cuda(step) : reference::optimizer_step(step);
  step_on_cpu(step);
}

void write_scalars(const OptimizerStep& step) {
  cuda::OptimizerScalars host{.learning_rate = as_float(step.learning_rate),
                              .gradient_factor = 1,
                              .average_share = as_float(step.average_share)};
  step.scalars.copy_(torch::from_blob(&host, {step.scalars.numel()}, torch::kFloat));
}

Tensor share_in(const Tensor& scalars) {
  return scalars.select(0, offsetof(cuda::OptimizerScalars, average_share) / sizeof(float));
}

Tensor new_scalars(const Tensor& parameters) {
  return floats_like(parameters, {sizeof(cuda::OptimizerScalars) / sizeof(float)});
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
  if (step.bfloat16_copy.defined()) step.bfloat16_copy.copy_(p);
  g.zero_();
}

}  // namespace effnet::ops
