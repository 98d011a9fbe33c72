// A search whose children really train: settings of the training among the choices, trials that end early, a worker of
// another process.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "spec/atomic_file.h"
#include "spec/recipe.h"
#include "tests/apps/run_program.h"
#include "tests/apps/small_pictures.h"
#include "tests/support/catch.h"

using namespace effnet;
using Json = nlohmann::json;
using tests::Finished;
using tests::Program;

namespace {

constexpr const char* kSpace = R"(
name = "tiny"
[skeleton]
input = 12
channels = 1
classes = 4
stem = "conv_k3_s1_c8"
head = "-"
activation = "silu"
divisor = 4
[[stage]]
op = "mb"
stride = 2
channels = [8, 12]
kernel = [3, 5]
expand = 2
repeats = 1
[training]
resolution = [8, 12]
lr_base = [0.001, 0.8]
hflip = [true, false]
)";

constexpr const char* kRecipe = "lr_base = 0.4\nbatch_size = 8\nbn_momentum = 0.1\nsmoothing = 0\n";

class Scene {
 public:
  Scene() {
    tests::write_small_pictures(folder_ / "data");
    spec::write_file_atomically(folder_ / "space.toml", kSpace);
    spec::write_file_atomically(folder_ / "recipe.toml", kRecipe);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::vector<std::string> search(const std::string& output, std::vector<std::string> more) const {
    std::vector<std::string> arguments{EFFNET_PROGRAM,    "search",     "--space",     path("space.toml"),
                                       "--data-dir",      path("data"), "--dataset",   "idx",
                                       "--holdout",       "80",         "--recipe",    path("recipe.toml"),
                                       "--pictures",      "160",        "--trials",    "12",
                                       "--random-trials", "0",          "--finalists", "1",
                                       "--target",        "1e9",        "--strategy",  "random",
                                       "--lag",           "2",          "--json",      "--output",
                                       path(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // Of the study "search", without times.
  Json trials(const std::string& output) const {
    const Finished finished = tests::effnet({"study", "export", path(output), "search", "--format", "json"});
    REQUIRE(finished.code == 0);
    Json trials = Json::parse(finished.out)["studies"][0]["trials"];
    for (Json& trial : trials) {
      trial.erase("finished");
      trial.erase("seconds");
    }
    return trials;
  }

 private:
  tests::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a learning rate that is too small loses to one that learns, and the winner's settings are kept") {
  const Scene scene;
  const Finished search = Program(scene.search("run", {"--child-epochs", "2"})).finish();
  CAPTURE(search.err);
  REQUIRE(search.code == 0);
  const spec::Recipe recipe = spec::read_recipe(scene.path("run/baseline-recipe.toml"));
  CHECK(recipe.lr_base == 0.8);
  CHECK(recipe.batch_size == 8);
  const Json best = Json::parse(search.out)["best"];
  CHECK(best["choices"]["recipe.lr_base"] == 0.8);
  CHECK(recipe.hflip == (best["choices"]["recipe.hflip"] == "true"));
  const std::string resolution = best["choices"]["resolution"] == 8 ? "@1x8" : "@1x12";
  CHECK(best["arch"].get<std::string>().find(resolution) != std::string::npos);
}

TEST_CASE("what is searched along with the net is shown with the space") {
  const Scene scene;
  const std::string text = tests::effnet({"space", scene.path("space.toml"), "--sample", "2"}).out;
  CHECK(text.find("resolution       8 | 12") != std::string::npos);
  CHECK(text.find("recipe.lr_base   0.001 | 0.8") != std::string::npos);
  CHECK(text.find("{\"recipe.hflip\":") != std::string::npos);
}

TEST_CASE("trials that fall behind end early, and a worker elsewhere stops the same ones") {
  const Scene scene;
  const std::vector<std::string> rule{"--child-epochs", "3", "--early-stop", "median"};
  const Finished whole = Program(scene.search("whole", rule)).finish();
  CAPTURE(whole.err);
  REQUIRE(whole.code == 0);
  int stopped = 0;
  const Json trials = scene.trials("whole");
  for (const Json& trial : trials) {
    const bool early = trial["outcome"] == "stopped-early";
    stopped += early ? 1 : 0;
    CHECK(trial["rungs"].size() == (early ? trial["pictures"].get<std::size_t>() / 160 : 2));
    CHECK(trial["reward"].is_null() == early);
  }
  CHECK(stopped >= 2);
  CHECK(stopped <= 9);

  auto alone = rule;
  alone.insert(alone.end(), {"--workers", "0"});
  Program study(scene.search("shared", alone));
  REQUIRE(study.wait_until([&] { return std::filesystem::exists(scene.path("shared/trials.db")); }));
  const Finished worker = tests::effnet(
      {"worker", scene.path("shared"), "--workers", "2", "--idle-exit", "2", "--output", scene.path("logs")});
  CAPTURE(worker.err);
  CHECK(worker.code == 0);
  CHECK(study.finish().out == whole.out);
  CHECK(scene.trials("shared") == trials);

  tests::check_one_message(
      Program(scene.search("none", {"--child-epochs", "1", "--early-stop", "median"})).finish(), 2,
      "--early-stop");
}
