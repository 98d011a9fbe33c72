// The CUDA kernels of the optimizer against the rules in double.
#include <limits>

#include "tests/cuda/example_values.h"
#include "tests/cuda/optimizer_step_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

void check_near(const char* what, const DeviceBuffer<float>& got, const std::vector<double>& wanted) {
  INFO(what);
  CHECK(error_beyond(Storage::kFloat, 1e-6, wide(got), wanted) == 0);
}

// The rules of training/optimizer.h.
void check_step(OptimizerRule rule, Index count, Index decayed) {
  INFO(count << " parameters, " << decayed << " with decay");
  const OptimizerExample example(rule, count, decayed);
  std::vector<double> p = wide(example.parameters), g = wide(example.gradients), m = wide(example.momentum),
                      s = wide(example.mean_square), average = wide(example.average);
  cuda::optimizer_step(example.work, nullptr);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double gradient = 0.5 * g[i] + (static_cast<Index>(i) < decayed ? 0.01 * p[i] : 0);
    if (rule == OptimizerRule::kSgd) {
      m[i] = 0.9 * m[i] + gradient;
      p[i] -= 0.05 * (gradient + 0.9 * m[i]);
    } else {
      s[i] = 0.9 * s[i] + 0.1 * gradient * gradient;
      m[i] = 0.9 * m[i] + 0.05 * gradient / std::sqrt(s[i] + 0.001);
      p[i] -= m[i];
    }
    average[i] += 0.1 * (p[i] - average[i]);
  }
  check_near("parameters", example.parameters, p);
  check_near("momentum", example.momentum, m);
  check_near("mean square", example.mean_square, s);
  check_near("average", example.average, average);
  for (const float gradient : example.gradients.values()) CHECK(gradient == 0);
  const std::vector<double> stored = example.copy.values(), now = wide(example.parameters);
  for (std::size_t i = 0; i < stored.size(); ++i) CHECK(stored[i] == nearest_bfloat16(now[i]));
}

}  // namespace

TEST_CASE("optimizer step: both rules, tails, weight decay that ends anywhere") {
  for (const OptimizerRule rule : {OptimizerRule::kSgd, OptimizerRule::kRmspropTf}) {
    check_step(rule, 1, 1);
    check_step(rule, 3, 0);
    check_step(rule, 1024, 1024);
    check_step(rule, 2503, 1001);
  }
}

TEST_CASE("optimizer step: without average and copy neither is touched") {
  OptimizerExample example(OptimizerRule::kSgd, 7, 7);
  const std::vector<float> average = example.average.values();
  example.work.average = nullptr;
  example.work.bfloat16_copy = nullptr;
  cuda::optimizer_step(example.work, nullptr);
  CHECK(example.average.values() == average);
  for (const double value : example.copy.values()) CHECK(std::isnan(value));
}

TEST_CASE("gradient norm: any number of gradients, the factor that clips them") {
  for (const Index count : {1, 5, 4096, 4099, 30011}) {
    const OptimizerExample example(OptimizerRule::kSgd, count, 0);
    double squares = 0;
    for (const double gradient : wide(example.gradients)) squares += gradient * gradient;
    const double norm = std::sqrt(squares);
    for (const double largest : {0.0, 0.25 * norm, 4 * norm}) {
      cuda::gradient_norm(example.norm(largest), nullptr);
      const OptimizerScalars scalars = example.scalars.values()[0];
      CHECK(static_cast<double>(scalars.gradient_norm) == Catch::Approx(norm).epsilon(1e-6));
      const double factor = largest > 0 ? std::min(1.0, largest / (norm + 1e-6)) : 1;
      CHECK(static_cast<double>(scalars.gradient_factor) == Catch::Approx(factor).epsilon(1e-6));
      CHECK(scalars.learning_rate == 0.05f);
      CHECK(scalars.average_share == 0.1f);
    }
  }
}

TEST_CASE("gradient norm: huge and tiny gradients neither overflow nor vanish, a NaN stays") {
  const OptimizerExample example(OptimizerRule::kSgd, 6, 0);
  for (const float size : {1e30f, 1e-30f, 1e-42f}) {
    const std::vector<float> values(6, size);
    copy_to_device(example.gradients.data(), values.data(), sizeof(float) * values.size());
    cuda::gradient_norm(example.norm(0), nullptr);
    CHECK(static_cast<double>(example.scalars.values()[0].gradient_norm) ==
          Catch::Approx(std::sqrt(6.0) * static_cast<double>(size)).epsilon(2e-3));
  }
  std::vector<float> values(6, 1.0f);
  values[4] = std::numeric_limits<float>::quiet_NaN();
  copy_to_device(example.gradients.data(), values.data(), sizeof(float) * values.size());
  cuda::gradient_norm(example.norm(1), nullptr);
  CHECK(std::isnan(example.scalars.values()[0].gradient_norm));
  CHECK(std::isnan(example.scalars.values()[0].gradient_factor));
}

TEST_CASE("optimizer step: without parameters refused") {
  CHECK_THROWS_AS(cuda::optimizer_step({}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::gradient_norm({}, nullptr), std::invalid_argument);
}
