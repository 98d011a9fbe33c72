// effnet auto on a data set of a few hundred pictures: uninterrupted, and killed and stopped at five different moments.
// Both end with the same baseline, coefficients, family, results and verdicts. And: what a plan asks of its data is
// checked before anything is measured.
#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "store/trial_store.h"
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
kernels = "effnet"
[data]
dataset = "idx"
data_dir = "{}"
holdout = 40
[recipe]
opt = "sgd"
lr_base = 0.8
epochs = 18
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
random_trials = 4
pictures = 96
epochs = 2
finalists = 1
finalist_seeds = 1
rank_check_nets = 3
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

  // Replaces the first `before` in a file of the job.
  void change(const std::string& file, const std::string& before, const std::string& after) const {
    std::string text = spec::read_file(folder / file);
    REQUIRE(contains(text, before));
    text.replace(text.find(before), before.size(), after);
    spec::write_file_atomically(folder / file, text);
  }
};

// Trials that the store of a running job has of a study.
std::size_t stored_trials(const fs::path& file, const std::string& study) {
  if (!fs::exists(file)) return 0;
  const store::TrialStore store = store::TrialStore::open_existing(file);
  for (const store::StudyRecord& record : store.studies()) {
    if (record.name == study) return store.trials(study).size();
  }
  return 0;
}

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

  // In its measuring, in the search, in the rank check, in the fit, in the training of the family.
  const auto kill_when = [&](const std::function<bool()>& ready, std::chrono::milliseconds later) {
    Program program(place.words("broken"));
    const bool came = program.wait_until(ready);
    std::this_thread::sleep_for(later);
    program.signal_it(SIGKILL);
    const int code = program.finish().code;
    // Its children see that it is gone and end without being told.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (processes_with(broken.string()) > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(processes_with(broken.string()) == 0);
    CHECK(came);
    CHECK(code == 128 + SIGKILL);
  };
  const auto is_there = [&](const char* file) {
    return [&broken, file] { return fs::exists(broken / file); };
  };
  kill_when(is_there("run.json"), std::chrono::milliseconds(300));
  {
    Program program(place.words("broken"));
    REQUIRE(program.wait_until([&] { return fs::exists(broken / "search/trials.db"); }));
    program.signal_it(SIGINT);
    const tests::Finished stopped = program.finish();
    CHECK(stopped.code == 75);
    CHECK(contains(stopped.err, "run the same command again to go on"));
  }
  const auto in_rank_check = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the store is theirs
    return fs::exists(broken / "baseline.toml") &&
           stored_trials(broken / "search/trials.db", "rank check") > 0;
  };
  kill_when(in_rank_check, std::chrono::milliseconds(0));
  CHECK(stored_trials(broken / "search/trials.db", "rank check") < 3);
  CHECK_FALSE(fs::exists(broken / "fit"));
  kill_when(is_there("fit/trials.db"), std::chrono::milliseconds(20));
  kill_when(is_there("runs/b0/run.json"), std::chrono::milliseconds(20));
  const tests::Finished last = Program(place.words("broken")).finish();
  CAPTURE(last.err);
  REQUIRE(last.code == 0);

  for (const char* file : {"baseline.toml", "coefficients.toml", "b0.toml", "b1.toml"}) {
    CAPTURE(file);
    CHECK(spec::read_file(whole / file) == spec::read_file(broken / file));
  }
  CHECK(lasting(whole / "results.csv") == lasting(broken / "results.csv"));
  for (const char* file :
       {"chart.html", "chart-macs.html", "report.html", "bill.json", "search/explanation.html"}) {
    CHECK(fs::exists(whole / file));
    CHECK(fs::exists(broken / file));
  }

  // Run again it only prints the result.
  const auto again = [&](const std::string& output) {
    auto words = place.words(output);
    words.emplace_back("--json");
    const tests::Finished printed = Program(words).finish();
    CAPTURE(printed.err);
    REQUIRE(printed.code == 0);
    CHECK(printed.seconds < 10);
    return nlohmann::json::parse(printed.out);
  };
  const auto before = fs::last_write_time(whole / "runs/b0/results.json");
  const nlohmann::json json = again("whole");
  CHECK(fs::last_write_time(whole / "runs/b0/results.json") == before);
  CHECK(json["nets"].size() == 4);  // b0, b1, the random arm's, the rival
  CHECK(json["failures"].empty());
  CHECK(json["verdicts"] == again("broken")["verdicts"]);
  CHECK(contains(json["verdicts"].dump(), "Short training ranked 3 nets with Kendall tau"));
  // 200 pictures are left to train on; 18 epochs of them are a long training.
  const nlohmann::json predicted = json["bill"]["rows"][3], actual = json["actual"][3];
  for (const nlohmann::json& row : {predicted, actual}) {
    CHECK(row["phase"] == "rank check");
    CHECK(row["nets"] == 3);
    CHECK(row["pictures"] == 3 * 200 * 18);
    CHECK(row["seconds"] > 0);
  }
  CHECK(json["bill"]["data"]["train"] == 240);
  CHECK(json["bill"]["data"]["test"] == 80);

  // The kernels are the plan's, in every training; --kernels goes over them, but not in a job that has begun.
  CHECK(contains(uninterrupted.err, "kernels effnet)"));
  CHECK(contains(spec::read_file(whole / "runs/b0/results.json"), "kernels effnet"));
  for (const char* store : {"search/trials.db", "fit/trials.db"}) {
    CAPTURE(store);
    for (const store::StudyRecord& study : store::TrialStore::open_existing(whole / store).studies()) {
      if (study.name != "rank check") CHECK(contains(study.config_json, "\"kernels\":\"effnet\""));
    }
  }
  auto other = place.words("whole");
  other.insert(other.end(), {"--kernels", "reference"});
  check_one_message(Program(other).finish(), 2, "kernels was \"effnet\" and is now \"reference\"");

  place.change("plan.toml", "seed = 3", "seed = 4");
  check_one_message(Program(place.words("whole")).finish(), 2, "\"seed = 3\" and is now \"seed = 4\"");
}

TEST_CASE("effnet-train says what a data set holds, and a plan must fit it before anything is measured") {
  const Place place;
  const tests::Finished told =
      tests::effnet_train({"data", "--data-dir", place.data.string(), "--dataset", "idx", "--holdout", "40"});
  REQUIRE(told.code == 0);
  const auto info = nlohmann::json::parse(told.out);
  CHECK(info["name"] == "idx");
  CHECK(info["train"] == 240);
  CHECK(info["holdout"] == 40);
  CHECK(info["test"] == 80);
  CHECK(info["classes"] == 4);
  CHECK(info["channels"] == 1);

  const auto refused = [&](int code, const std::string& word) {
    const tests::Finished finished = Program(place.words("refused")).finish();
    check_one_message(finished, code, word);
    CHECK_FALSE(contains(finished.err, "measuring"));
    CHECK(fs::is_empty(place.folder / "refused"));
  };
  const auto with = [&](const std::string& file, const std::string& before, const std::string& after,
                        int code, const std::string& word) {
    place.change(file, before, after);
    refused(code, word);
    place.change(file, after, before);
  };
  with("plan.toml", place.data.string(), "/nowhere", 3, "/nowhere: is not there");
  with("plan.toml", "dataset = \"idx\"", "dataset = \"cifar-10\"", 3, place.data.string());
  with("plan.toml", "holdout = 40", "holdout = 240", 2, "240 pictures are to be held out of 240");
  with("plan.toml", "holdout = 40", "holdout = 150", 2, "search.pictures: 96 pictures are asked for");
  with("plan.toml", "phi = [0, 1]", "pictures = 201", 2, "family.pictures: 201 pictures are asked for");
  with("space.toml", "classes = 4", "classes = 3", 2, "in 4 classes");
  with("space.toml", "channels = 1", "channels = 3", 2, "channels");
  const fs::path labels = place.data / "t10k-labels-idx1-ubyte";
  const std::string bytes = spec::read_file(labels);
  spec::write_file_atomically(labels, bytes.substr(0, 50));
  refused(3, labels.string());
  spec::write_file_atomically(labels, bytes);
}
