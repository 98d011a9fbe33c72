// Learning rates and the moving average's ramp against the published rules.
#include "training/schedule.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace effnet;
using Catch::Approx;

TEST_CASE("exponential: 0.016 per 256, five warm-up epochs, x 0.97 every 2.4 epochs") {
  spec::Recipe recipe;
  recipe.lr_base = 0.016;
  recipe.batch_size = 2048;
  recipe.sched = spec::ScheduleKind::kExponential;
  recipe.warmup_epochs = 5;
  recipe.epochs = 350;
  const std::int64_t epoch = 625;  // steps; 1.28 M pictures
  const auto rate = [&](double epochs) {
    return training::learning_rate(recipe, static_cast<std::int64_t>(std::llround(epochs * 625)), epoch);
  };
  CHECK(rate(0) == 0);
  CHECK(rate(2) == Approx(0.0512));
  CHECK(rate(5) == Approx(0.128 * 0.97 * 0.97));  // the stairs count from the first epoch
  CHECK(training::learning_rate(recipe, 4499, epoch) == Approx(0.128 * std::pow(0.97, 2)));
  CHECK(training::learning_rate(recipe, 4500, epoch) ==
        Approx(0.128 * std::pow(0.97, 3)));  // 7.2 epochs exactly
  CHECK(rate(349.9) == Approx(0.128 * std::pow(0.97, 145)));
}

TEST_CASE("a stair falls on its step for every length of epoch") {
  spec::Recipe recipe;
  recipe.sched = spec::ScheduleKind::kExponential;
  for (std::int64_t epoch = 5; epoch < 2000; epoch += 5) {
    const std::int64_t first = epoch * 12 / 5;  // 2.4 epochs, a whole number of steps
    for (std::int64_t stair = 1; stair <= 5; ++stair) {
      CHECK(training::learning_rate(recipe, stair * first, epoch) == Approx(0.1 * std::pow(0.97, stair)));
      CHECK(training::learning_rate(recipe, stair * first - 1, epoch) ==
            Approx(0.1 * std::pow(0.97, stair - 1)));
    }
  }
}

TEST_CASE("cosine and constant") {
  spec::Recipe recipe;  // 0.4 per 256, batch 64
  recipe.epochs = 10;
  CHECK(training::learning_rate(recipe, 0, 100) == Approx(0.1));
  CHECK(training::learning_rate(recipe, 500, 100) == Approx(0.05));
  CHECK(training::learning_rate(recipe, 250, 100) == Approx(0.05 * (1 + std::sqrt(0.5))));
  CHECK(training::learning_rate(recipe, 1000, 100) == Approx(0).margin(1e-12));
  recipe.sched = spec::ScheduleKind::kConstant;
  recipe.warmup_epochs = 1;
  CHECK(training::learning_rate(recipe, 50, 100) == Approx(0.05));
  CHECK(training::learning_rate(recipe, 999, 100) == Approx(0.1));
}

TEST_CASE("the moving average's decay ramps up") {
  CHECK(training::ema_decay(0.9999, 0) == Approx(0.1));
  CHECK(training::ema_decay(0.9999, 90) == Approx(0.91));
  CHECK(training::ema_decay(0.9999, 1'000'000) == Approx(0.9999));
}
