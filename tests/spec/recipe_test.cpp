#include "spec/recipe.h"

#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using tests::contains;
using tests::error_of;

namespace {

spec::Recipe unusual_recipe() {
  spec::Recipe recipe;
  recipe.opt = spec::OptimizerKind::kRmspropTf;
  recipe.sched = spec::ScheduleKind::kExponential;
  recipe.lr_base = 0.016;
  recipe.epochs = 350;
  recipe.hflip = true;
  recipe.drop_path = 0.2;
  return recipe;
}

}  // namespace

TEST_CASE("a recipe survives TOML and JSON") {
  const spec::Recipe recipe = unusual_recipe();
  CHECK(spec::parse_recipe(spec::recipe_toml(recipe), "r.toml") == recipe);
  CHECK(spec::recipe_from_json(spec::recipe_json(recipe), "r.json") == recipe);
}

TEST_CASE("the learning rate is stored for 256 samples: 0.016 at batch 4096 is the paper's 0.256") {
  spec::Recipe recipe = unusual_recipe();
  recipe.batch_size = 4096;
  CHECK(recipe.effective_lr() == Catch::Approx(0.256));
}

TEST_CASE("values out of range and TensorFlow's batch norm momentum are refused") {
  const auto message = [](const std::string& text) {
    return std::string(error_of([&] { spec::parse_recipe(text, "r.toml"); }).what());
  };
  CHECK(contains(message("bn_momentum = 0.99"), "PyTorch's convention"));
  CHECK(contains(message("epochs = 0"), "epochs is 0"));
  CHECK(contains(message("epochs = -1"), "outside"));
  CHECK(contains(message("smoothing = nan"), "smoothing"));
  CHECK(contains(message("optimizer = \"sgd\""), "unknown key 'optimizer'"));
  CHECK(contains(message("opt = \"adam\""), "unknown optimizer 'adam'"));
}

// PyTorch's default. A running mean keeps (1 - m)^steps of its start: 0.01 would leave 5 % of it after 300 steps, the
// length of a child's training, and 0.1 leaves nothing.
TEST_CASE("without a recipe batch norm's statistics forget their start within a short training") {
  const double m = spec::Recipe{}.bn_momentum;
  CHECK(m == 0.1);
  CHECK(std::pow(1 - m, 300) < 1e-6);
  CHECK(spec::parse_recipe("bn_momentum = 0.01", "published.toml").bn_momentum == 0.01);
}
