#include "training/measure.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "training/failure.h"
#include "training/learner.h"

namespace effnet::training {
namespace {

constexpr int kWarmUpSteps = 2;
constexpr std::size_t kFewestSteps = 3;

double seconds_of(Learner& learner, const torch::Tensor& pictures, const torch::Tensor& labels,
                  std::int64_t number) {
  const auto start = std::chrono::steady_clock::now();
  learner.step(pictures, labels, number, /*learning_rate=*/1e-3);
  learner.loss_sum();  // waits for a GPU
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Throughput measure(const MeasureOptions& options) {
  const torch::Device device = options.compute.device;
  Learner learner({.arch = options.arch, .recipe = options.recipe, .compute = options.compute});
  const std::int64_t batch = options.recipe.batch_size, size = options.arch.resolution;
  const torch::Tensor pictures =
      torch::randn({batch, size, size, options.arch.input_channels}).permute({0, 3, 1, 2}).to(device);
  const torch::Tensor labels = torch::randint(options.arch.classes, {batch}, torch::kLong).to(device);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (int i = 0; i < kWarmUpSteps; ++i) seconds_of(learner, pictures, labels, i);
  std::vector<double> seconds;
  while (seconds.size() < kFewestSteps || elapsed() < options.seconds)
    seconds.push_back(seconds_of(learner, pictures, labels, static_cast<std::int64_t>(seconds.size())));
  std::sort(seconds.begin(), seconds.end());
  const auto rate = [&](double step_seconds) { return static_cast<double>(batch) / step_seconds; };
  return {rate(seconds.front()), rate(seconds[seconds.size() / 2]), static_cast<int>(seconds.size())};
}

}  // namespace

Throughput measure_training(const MeasureOptions& options) {
  Throughput throughput;
  with_typed_failures([&] { throughput = measure(options); });
  return throughput;
}

}  // namespace effnet::training
