// A search whose trials are done by processes that come, go and are killed.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "spec/atomic_file.h"
#include "spec/random_stream.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using Json = nlohmann::json;
using tests::Program;

namespace {

// Scores that hang on the net alone, 20 ms each.
constexpr const char* kEvaluator = R"(#!/bin/sh
while read -r line; do
  trial=${line#*\"trial\":}; trial=${trial%%,*}
  macs=${line#*\"macs\":}; macs=${macs%%,*}
  sleep 0.02
  echo "{\"trial\":$trial,\"accuracy\":$((50 + macs / 97 % 40)).25,\"seconds\":1}"
done
)";

class Scene {
 public:
  Scene() {
    spec::write_file_atomically(folder_ / "evaluate.sh", kEvaluator);
    std::filesystem::permissions(folder_ / "evaluate.sh", std::filesystem::perms::owner_all);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::vector<std::string> search(const std::string& output, int workers, int lag = 4) const {
    return {EFFNET_PROGRAM,    "search",
            "--space",         "nas-bench-macro",
            "--evaluator",     "command:" + path("evaluate.sh"),
            "--strategy",      "evolution",
            "--trials",        "90",
            "--random-trials", "30",
            "--target",        "40e6",
            "--lag",           std::to_string(lag),
            "--workers",       std::to_string(workers),
            "--claim-timeout", "0.5",
            "--output",        path(output)};
  }

  std::vector<std::string> worker(const std::string& output, int number) const {
    return {EFFNET_PROGRAM,
            "worker",
            path(output),
            "--claim-timeout",
            "0.5",
            "--output",
            path(fmt::format("worker{}", number))};
  }

  // All trials of all studies, without the time of day.
  std::string trials(const std::string& output) const {
    const tests::Finished finished = tests::effnet({"study", "export", path(output), "--format", "json"});
    REQUIRE(finished.code == 0);
    Json json = Json::parse(finished.out);
    std::string text;
    for (Json& study : json["studies"]) {
      for (Json& trial : study["trials"]) {
        trial.erase("finished");
        text += study["name"].get<std::string>() + trial.dump() + "\n";
      }
    }
    return text;
  }

  bool has_store(const std::string& output) const {
    return std::filesystem::exists(folder_ / output / "trials.db");
  }

 private:
  tests::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("twenty kills of the study and of its workers at random moments leave the trials as they are") {
  const Scene scene;
  const tests::Finished whole = Program(scene.search("whole", 4)).finish();
  CAPTURE(whole.err);
  REQUIRE(whole.code == 0);

  std::array<std::optional<Program>, 3> processes;  // the study, with a worker of its own, and two workers
  const auto start = [&](std::size_t index) {
    const auto arguments =
        index == 0 ? scene.search("killed", 1) : scene.worker("killed", static_cast<int>(index));
    processes[index].emplace(arguments);
  };
  start(0);
  REQUIRE(processes[0]->wait_until([&] { return scene.has_store("killed"); }));
  start(1);
  start(2);
  spec::RandomStream random(20261129);
  for (int kills = 0; kills < 20; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(80)));
    const std::size_t victim = random.below(3);
    processes[victim].reset();  // SIGKILL
    start(victim);
  }
  const tests::Finished killed = processes[0]->finish();
  CAPTURE(killed.err);
  CHECK(killed.code == 0);
  CHECK(killed.out == whole.out);
  CHECK(scene.trials("killed") == scene.trials("whole"));
  for (const std::size_t worker : {1, 2}) {
    processes[worker]->signal_it(SIGINT);
    const tests::Finished left = processes[worker]->finish();
    CAPTURE(left.err);
    CHECK(left.code == 0);
    CHECK(left.out.find("delivered") != std::string::npos);
  }
}

TEST_CASE("one worker, two, and eight that are all busy do the same trials") {
  const Scene scene;
  std::vector<std::string> outputs, trials;
  for (const int workers : {1, 2, 8}) {
    const std::string output = fmt::format("by{}", workers);
    const tests::Finished search = Program(scene.search(output, workers, 8)).finish();
    CAPTURE(search.err);
    REQUIRE(search.code == 0);
    outputs.push_back(search.out);
    trials.push_back(scene.trials(output));
  }
  for (const std::size_t other : {1, 2}) {
    CHECK(outputs[other] == outputs[0]);
    CHECK(trials[other] == trials[0]);
  }
}

TEST_CASE("a study goes on with any number of workers, and a worker says what it cannot do") {
  const Scene scene;
  {
    Program first(scene.search("run", 2));
    REQUIRE(first.wait_until([&] { return scene.has_store("run"); }));
    first.signal_it(SIGINT);
    first.finish();
  }
  auto without_lag = scene.search("run", 0);  // the lag is the study's
  const auto flag = std::find(without_lag.begin(), without_lag.end(), "--lag");
  without_lag.erase(flag, flag + 2);
  Program study(without_lag);
  auto arguments = scene.worker("run", 1);
  arguments.insert(arguments.end(), {"--workers", "3", "--idle-exit", "0.5"});
  const tests::Finished worker = Program(arguments).finish();
  CAPTURE(worker.err);
  CHECK(worker.code == 0);
  const tests::Finished finished = study.finish();
  CAPTURE(finished.err);
  CHECK(finished.code == 0);
  CHECK(finished.err.find("effnet worker") != std::string::npos);

  tests::check_one_message(tests::effnet({"worker", scene.path("nothing")}), 2, "holds no trials");
  tests::check_one_message(tests::effnet({"worker", scene.path("run"), "--claim-timeout", "0"}), 2,
                           "--claim-timeout");
}
