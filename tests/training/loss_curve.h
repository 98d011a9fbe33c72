// The losses of a small net's training steps on batches of three kinds of stripes: what two ways to compute are compared by.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "training/learner.h"

namespace effnet::tests {

struct LossCurve {
  const char* arch = "";
  spec::Recipe recipe;
  training::Compute compute;
  int batch = 16, steps = 50;
  double shift = 0;  // moves every parameter of the start by so much of itself
  std::function<void(training::Learner&)> prepare;
};

// With the names of what fell back to the reference.
struct Losses {
  std::vector<double> values;
  std::set<std::string> fallbacks;
};

inline Losses losses_of(const LossCurve& curve) {
  const auto arch = spec::parse_arch(curve.arch, "test");
  training::Learner learner({.arch = arch, .recipe = curve.recipe, .seed = 4, .compute = curve.compute});
  if (curve.shift != 0) {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : learner.net()->parameters()) parameter.mul_(1 + curve.shift);
  }
  if (curve.prepare) curve.prepare(learner);
  torch::manual_seed(9);
  const std::int64_t size = arch.resolution;
  Losses losses;
  for (int step = 0; step < curve.steps; ++step) {
    const torch::Tensor labels = torch::randint(3, {curve.batch}, torch::kLong);
    torch::Tensor pictures = torch::randn({curve.batch, size, size, 3});
    for (int n = 0; n < curve.batch; ++n) {
      const auto label = labels[n].item<std::int64_t>();
      if (label < 2) pictures[n].slice(label, 0, size, 2) += 1.5;
    }
    learner.set_loss_sum(0);
    const torch::Device device = curve.compute.device;
    learner.step(pictures.permute({0, 3, 1, 2}).to(device), labels.to(device), step, 0.02 / (1 + 0.1 * step));
    losses.values.push_back(learner.loss_sum());
  }
  losses.fallbacks = learner.net()->context().fallbacks();
  return losses;
}

inline double largest_difference(const Losses& a, const Losses& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i)
    largest = std::max(largest, std::abs(a.values[i] - b.values[i]));
  return largest;
}

inline spec::Recipe recipe_with(spec::OptimizerKind optimizer) {
  spec::Recipe recipe;
  recipe.opt = optimizer;
  recipe.ema_decay = 0.99;
  recipe.drop_path = 0.2;
  recipe.drop = 0.1;
  recipe.clip_grad = 5;
  recipe.bn_momentum = 0.1;
  return recipe;
}

}  // namespace effnet::tests
