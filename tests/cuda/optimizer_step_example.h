// An optimizer's state in device memory, and the same rules in double.
#pragma once

#include "cuda/optimizer_step.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

using cuda::OptimizerRule;
using cuda::OptimizerScalars;

struct OptimizerExample {
  OptimizerExample(OptimizerRule rule, Index count, Index decayed)
      : work{.rule = rule,
             .count = count,
             .decayed = decayed,
             .weight_decay = 0.01f,
             .momentum_decay = 0.9f,
             .mean_square_decay = 0.9f,
             .eps = 0.001f},
        parameters(floats(1, 0, 1)),
        gradients(floats(2, 0, 1)),
        momentum(floats(3, 0, 0.5)),
        mean_square(floats(4, 1, 0.5)),
        average(floats(5, 0, 1)),
        copy(Storage::kBfloat16, static_cast<std::size_t>(count)),
        parts(static_cast<std::size_t>(cuda::norm_parts(count))),
        scalars(std::vector<OptimizerScalars>{
            {.learning_rate = 0.05f, .gradient_factor = 0.5f, .average_share = 0.1f}}) {
    work.parameters = parameters.data();
    work.gradients = gradients.data();
    work.momentum = momentum.data();
    work.mean_square = rule == OptimizerRule::kRmspropTf ? mean_square.data() : nullptr;
    work.average = average.data();
    work.bfloat16_copy = copy.data();
    work.scalars = scalars.data();
  }

  cuda::GradientNorm norm(double largest) const {
    return {.count = work.count,
            .gradients = gradients.data(),
            .largest = static_cast<float>(largest),
            .parts = parts.data(),
            .scalars = scalars.data()};
  }

  std::vector<float> floats(double seed, double around, double spread) const {
    std::vector<float> values;
    for (const double value : numbers(static_cast<std::size_t>(work.count), seed))
      values.push_back(static_cast<float>(around + spread * value));
    return values;
  }

  cuda::OptimizerStep work;
  DeviceBuffer<float> parameters, gradients, momentum, mean_square, average;
  StoredMap copy;
  DeviceBuffer<double> parts;
  DeviceBuffer<OptimizerScalars> scalars;
};

}  // namespace effnet::tests
