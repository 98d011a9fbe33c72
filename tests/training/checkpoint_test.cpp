// Going on from a checkpoint is bit-equal to never having stopped; damaged files are passed over or named.
#include "training/checkpoint.h"

#include <fstream>

#include "spec/atomic_file.h"
#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/training/striped_pictures.h"

using namespace effnet;
namespace fs = std::filesystem;

namespace {

struct StopAt final : training::Observer {
  explicit StopAt(std::int64_t at) : step(at) {}
  std::int64_t step;
  std::atomic<bool> flag{false};
  void on_step(const training::StepReport& report) override {
    if (report.step == step) flag = true;
  }
};

training::Checkpoints checkpoints_in(const fs::path& folder, int history = 1) {
  return training::Checkpoints({.folder = folder, .history = history, .metadata = {{"arch", "a"}}});
}

void expect_equal(const training::EpochReport& a, const training::EpochReport& b) {
  CHECK(a.train_loss == b.train_loss);
  CHECK(a.eval_loss == b.eval_loss);
  CHECK(a.ema_loss == b.ema_loss);
  CHECK(a.learning_rate == b.learning_rate);
  CHECK(a.step == b.step);
}

}  // namespace

TEST_CASE("resumed training is bit-equal, wherever it was stopped and with either optimizer") {
  const auto pictures = tests::striped_pictures(80);
  for (const auto optimizer : {spec::OptimizerKind::kSgd, spec::OptimizerKind::kRmspropTf}) {
    auto options = tests::small_training(60, 20);  // 7 steps an epoch, 21 in all
    options.recipe.opt = optimizer;
    if (optimizer == spec::OptimizerKind::kRmspropTf) options.recipe.lr_base = 0.3;
    training::Observer quiet;
    training::Trainer whole(options, pictures);
    whole.run(quiet);
    for (const std::int64_t stop : {1, 7, 8, 21}) {
      INFO("stopped after step " << stop);
      const tests::TemporaryFolder folder;
      {
        StopAt observer(stop);
        training::Trainer first(options, pictures);
        auto checkpoints = checkpoints_in(folder.path());
        CHECK_THROWS_AS(first.run(observer, &checkpoints, &observer.flag), spec::Error);
      }
      training::Trainer second(options, pictures);
      auto checkpoints = checkpoints_in(folder.path());
      REQUIRE(checkpoints.load(second));
      CHECK(second.progress().step == stop);
      second.run(quiet, &checkpoints);
      CHECK(tests::same_tensors(whole.tensors(), second.tensors()));
      const auto a = whole.progress().epochs, b = second.progress().epochs;
      REQUIRE(a.size() == b.size());
      for (std::size_t i = 0; i < a.size(); ++i) expect_equal(a[i], b[i]);
    }
  }
}

TEST_CASE("last, best and the newest ends of epochs are kept") {
  const auto pictures = tests::striped_pictures(80);
  auto options = tests::small_training(60, 20);
  options.recipe.epochs = 5;
  const tests::TemporaryFolder folder;
  auto checkpoints = checkpoints_in(folder.path(), 2);
  training::Trainer trainer(options, pictures);
  training::Observer quiet;
  trainer.run(quiet, &checkpoints);
  for (const char* name : {"last", "best", "epoch-4", "epoch-5"})
    CHECK(fs::exists(folder / (name + std::string(".safetensors"))));
  CHECK_FALSE(fs::exists(folder / "epoch-3.safetensors"));
  CHECK(models::read_state(folder / "best.safetensors").find("stem.conv.weight") != nullptr);
  CHECK(models::read_state(folder / "best.safetensors").metadata.at("arch") == "a");
}

TEST_CASE("a damaged checkpoint: the end of the last epoch is taken, or the file is named") {
  const auto pictures = tests::striped_pictures(80);
  const auto options = tests::small_training(60, 20);
  const tests::TemporaryFolder folder;
  {
    StopAt observer(10);
    training::Trainer trainer(options, pictures);
    auto checkpoints = checkpoints_in(folder.path());
    CHECK_THROWS_AS(trainer.run(observer, &checkpoints, &observer.flag), spec::Error);
  }
  const std::string whole = spec::read_file(folder / "last.safetensors");
  fs::remove(folder / "last.safetensors");
  std::ofstream(folder / "last.safetensors", std::ios::binary) << whole.substr(0, whole.size() / 2);
  auto checkpoints = checkpoints_in(folder.path());
  training::Trainer trainer(options, pictures);
  REQUIRE(checkpoints.load(trainer));
  CHECK(trainer.progress().step == 7);
  REQUIRE(checkpoints.skipped().size() == 1);
  CHECK(checkpoints.skipped()[0].find("last.safetensors") != std::string::npos);
  training::Observer quiet;
  trainer.run(quiet);
  training::Trainer uninterrupted(options, pictures);
  uninterrupted.run(quiet);
  CHECK(tests::same_tensors(uninterrupted.tensors(), trainer.tensors()));

  fs::remove(folder / "epoch-1.safetensors");
  try {
    training::Trainer other(options, pictures);
    checkpoints_in(folder.path()).load(other);
    FAIL("garbage was taken");
  } catch (const spec::Error& error) {
    CHECK(error.kind() == spec::ErrorKind::kBadData);
    CHECK(std::string(error.what()).find("last.safetensors") != std::string::npos);
  }
}

TEST_CASE("starting weights come from any kind of file; a classifier of other classes stays behind") {
  const auto pictures = tests::striped_pictures(80);
  auto options = tests::small_training(60, 0);
  options.recipe.epochs = 1;
  const tests::TemporaryFolder folder;
  training::Trainer source(options, pictures);
  training::Observer quiet;
  auto checkpoints = checkpoints_in(folder / "c");
  source.run(quiet, &checkpoints);
  training::write_model(folder / "m.safetensors", source, {});
  options.seed = 77;
  training::Trainer from_model(options, pictures), from_last(options, pictures);
  CHECK_FALSE(training::load_initial_weights(folder / "m.safetensors", from_model));
  CHECK_FALSE(training::load_initial_weights(folder / "c" / "last.safetensors", from_last));
  const auto wanted = models::named_state(*source.trained_net());
  CHECK(tests::same_tensors(wanted, models::named_state(*from_model.learner().net())));
  CHECK(tests::same_tensors(wanted, models::named_state(*from_last.trained_net())));
  options.arch.classes = 9;
  training::Trainer wider(options, pictures);
  CHECK(training::load_initial_weights(folder / "m.safetensors", wider));
}
