// The loop: it learns, repeats itself bit for bit, stops when asked, and fails by name.
#include "training/trainer.h"

#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/training/striped_pictures.h"
#include "training/failure.h"
#include "training/measure.h"

using namespace effnet;

namespace {

struct Recorder final : training::Observer {
  std::vector<double> losses;
  std::vector<training::EpochReport> epochs;
  void on_step(const training::StepReport& report) override { losses.push_back(report.loss); }
  void on_epoch(const training::EpochReport& report) override { epochs.push_back(report); }
};

}  // namespace

TEST_CASE("a small net learns to tell stripes apart") {
  const auto pictures = tests::striped_pictures(240);
  auto options = tests::small_training(192, 48);
  options.recipe.epochs = 6;
  training::Trainer trainer(options, pictures);
  Recorder recorder;
  trainer.run(recorder);
  REQUIRE(recorder.epochs.size() == 6);
  CHECK(recorder.losses.size() == 6 * 24);
  CHECK(recorder.epochs.back().train_loss < recorder.epochs.front().train_loss);
  CHECK(recorder.epochs.back().eval_top1 > 80);
  CHECK(recorder.epochs.back().has_ema);
  CHECK(recorder.epochs.back().ema_top1 > 80);
}

TEST_CASE("the same seed gives the same losses, whatever the loader workers; another seed does not") {
  const auto pictures = tests::striped_pictures(60);
  const auto losses = [&](int workers, std::uint64_t seed) {
    auto options = tests::small_training(60, 0);
    options.workers = workers;
    options.seed = seed;
    training::Trainer trainer(options, pictures);
    Recorder recorder;
    trainer.run(recorder);
    return recorder.losses;
  };
  const auto first = losses(0, 5);
  CHECK(first.size() == 21);  // 60 / 8 = 7 whole batches, 3 epochs
  torch::randn({100});
  CHECK(first == losses(0, 5));
  CHECK(first == losses(3, 5));
  CHECK(first != losses(0, 6));
}

TEST_CASE("a raised flag ends the training after the step at work") {
  struct Stopper final : training::Observer {
    std::atomic<bool> flag{false};
    std::int64_t steps = 0;
    void on_step(const training::StepReport& report) override {
      steps = report.step;
      if (report.step == 4) flag = true;
    }
  } stopper;
  const auto pictures = tests::striped_pictures(60);
  training::Trainer trainer(tests::small_training(60, 0), pictures);
  try {
    trainer.run(stopper, nullptr, &stopper.flag);
    FAIL("it went on");
  } catch (const spec::Error& error) {
    CHECK(error.kind() == spec::ErrorKind::kStopped);
  }
  CHECK(stopper.steps == 4);
}

TEST_CASE("a loss that is not finite is a failure with a name and a step") {
  const auto pictures = tests::striped_pictures(60);
  auto options = tests::small_training(60, 0);
  options.recipe.lr_base = 1e4;
  options.recipe.epochs = 50;
  training::Trainer trainer(options, pictures);
  Recorder recorder;
  try {
    trainer.run(recorder);
    FAIL("it did not diverge");
  } catch (const training::TrainingFailure& failure) {
    CHECK(failure.reason() == spec::OutcomeKind::kDiverged);
    CHECK(failure.message().find("not finite at step") != std::string::npos);
  }
}

TEST_CASE("a net that no memory can hold is out of memory, not a crash") {
  const auto pictures = tests::striped_pictures(60);
  auto options = tests::small_training(60, 0);
  options.arch = spec::parse_arch("conv_k31_s1_c65536 | conv_k31_s1_c65536 | - | fc3 @1x8 silu", "test");
  try {
    training::Trainer trainer(options, pictures);
    FAIL("it was built");
  } catch (const training::TrainingFailure& failure) {
    CHECK(failure.reason() == spec::OutcomeKind::kOutOfMemory);
  }
}

TEST_CASE("nets and pictures that do not fit are refused") {
  const auto pictures = tests::striped_pictures(60);
  auto channels = tests::small_training(60, 0);
  channels.arch.input_channels = 3;
  CHECK_THROWS_AS(training::Trainer(channels, pictures), spec::Error);
  auto classes = tests::small_training(60, 0);
  classes.arch.classes = 2;
  CHECK_THROWS_AS(training::Trainer(classes, pictures), spec::Error);
  CHECK_THROWS_AS(training::Trainer(tests::small_training(1, 0), pictures), spec::Error);
}

TEST_CASE("speed of training steps is measured within its time") {
  auto options = tests::small_training(8, 0);
  const auto speed =
      training::measure_training({.arch = options.arch, .recipe = options.recipe, .seconds = 0.2});
  CHECK(speed.steps >= 3);
  CHECK(speed.pictures_per_second >= speed.median_pictures_per_second);
  CHECK(speed.median_pictures_per_second > 0);
}
