// effnet auto on a data set of a few hundred pictures: uninterrupted, and killed and stopped at four different moments.
// Both end with the same baseline, coefficients, family and results.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/run_program.h"
#include "tests/apps/small_pictures.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using tests::contains;
using tests::Program;
namespace fs = std::filesystem;

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
channels = [8, 12, 16]
kernel = [3, 5]
expand = [1, 2]
repeats = 1
se = [0, 0.25]
[[stage]]
op = "mb"
stride = 1
channels = [12, 16]
kernel = 3
expand = [2, 3]
repeats = [1, 2]
se = 0.25
)";

constexpr const char* kPlan = R"(
name = "tiny"
seed = 3
workers = 2
[data]
dataset = "idx"
data_dir = "{}"
holdout = 40
train_pictures = 240
test_pictures = 80
[recipe]
opt = "sgd"
lr_base = 0.8
epochs = 6
batch_size = 8
sched = "cosine"
warmup_epochs = 0.1
bn_momentum = 0.1
hflip = true
[search]
space = "{}"
strategy = "evolution:2"
target = 4e4
trials = 4
random_trials = 3
pictures = 96
epochs = 2
finalists = 1
finalist_seeds = 1
[fit]
nets = 2
pictures = 96
epochs = 2
[family]
phi = [0, 1]
[[rival]]
name = "plain"
arch = "conv_k3_s2_c8 | mb_k3_s1_e2_c8_r1 | - | fc4 @1x12 relu divisor=4"
match = ["b0"]
)";

struct Place {
  tests::TemporaryFolder folder;
  fs::path data = tests::write_small_pictures(folder / "data");
  fs::path plan = folder / "plan.toml";

  Place() {
    spec::write_file_atomically(folder / "space.toml", kSpace);
    spec::write_file_atomically(plan, fmt::format(kPlan, data.string(), (folder / "space.toml").string()));
  }

  std::vector<std::string> words(const std::string& output) const {
    return {EFFNET_PROGRAM, "auto", "--plan", plan.string(), "--output", (folder / output).string()};
  }
};

// Processes whose command line names `text`.
int processes_with(const std::string& text) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    std::ifstream stream(entry.path() / "cmdline");
    std::ostringstream line;
    if (stream) line << stream.rdbuf();
    count += contains(line.str(), text) ? 1 : 0;
  }
  return count;
}

// results.csv without the columns "seconds" and "run", the last two.
std::string lasting(const fs::path& file) {
  std::istringstream rows(spec::read_file(file));
  std::string text;
  for (std::string row; std::getline(rows, row);) {
    for (int i = 0; i < 2; ++i) row.resize(row.rfind(','));
    text += row + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("the whole job, killed and stopped again and again, ends with the same answer") {
  const Place place;
  const fs::path whole = place.folder / "whole", broken = place.folder / "broken";
  const tests::Finished uninterrupted = Program(place.words("whole")).finish();
  CAPTURE(uninterrupted.err);
  REQUIRE(uninterrupted.code == 0);
  CHECK(contains(uninterrupted.out, "top-1 %"));
  CHECK(contains(uninterrupted.out, "predicted"));
  CHECK(contains(uninterrupted.out, "report.html"));
  CHECK(contains(uninterrupted.err, "Plan 'tiny'"));

  // In its measuring, in the search, in the fit, in the training of the family.
  const auto kill_when = [&](const std::string& file, std::chrono::milliseconds later) {
    Program program(place.words("broken"));
    const bool came = program.wait_until([&] { return fs::exists(broken / file); });
    std::this_thread::sleep_for(later);
    program.signal_it(SIGKILL);
    const int code = program.finish().code;
    // Its children see that it is gone and end without being told.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (processes_with(broken.string()) > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(processes_with(broken.string()) == 0);
    CAPTURE(file);
    CHECK(came);
    CHECK(code == 128 + SIGKILL);
  };
  kill_when("run.json", std::chrono::milliseconds(300));
  {
    Program program(place.words("broken"));
    REQUIRE(program.wait_until([&] { return fs::exists(broken / "search/trials.db"); }));
    program.signal_it(SIGINT);
    const tests::Finished stopped = program.finish();
    CHECK(stopped.code == 75);
    CHECK(contains(stopped.err, "run the same command again to go on"));
  }
  kill_when("fit/trials.db", std::chrono::milliseconds(100));
  kill_when("runs/b0/run.json", std::chrono::milliseconds(50));
  const tests::Finished last = Program(place.words("broken")).finish();
  CAPTURE(last.err);
  REQUIRE(last.code == 0);

  for (const char* file : {"baseline.toml", "coefficients.toml", "b0.toml", "b1.toml"}) {
    CAPTURE(file);
    CHECK(spec::read_file(whole / file) == spec::read_file(broken / file));
  }
  CHECK(lasting(whole / "results.csv") == lasting(broken / "results.csv"));
  for (const char* file : {"chart.html", "chart-macs.html", "report.html", "bill.json"}) {
    CHECK(fs::exists(whole / file));
    CHECK(fs::exists(broken / file));
  }

  SECTION("run again it only prints the result") {
    auto words = place.words("whole");
    words.emplace_back("--json");
    const auto before = fs::last_write_time(whole / "runs/b0/results.json");
    const tests::Finished again = Program(words).finish();
    REQUIRE(again.code == 0);
    CHECK(again.seconds < 10);
    CHECK(fs::last_write_time(whole / "runs/b0/results.json") == before);
    const auto json = nlohmann::json::parse(again.out);
    CHECK(json["nets"].size() == 4);  // b0, b1, the random arm's, the rival
    CHECK(json["failures"].empty());

    std::string text = spec::read_file(place.plan);
    text.replace(text.find("seed = 3"), 8, "seed = 4");
    spec::write_file_atomically(place.plan, text);
    check_one_message(Program(words).finish(), 2, "\"seed = 3\" and is now \"seed = 4\"");
  }
}
