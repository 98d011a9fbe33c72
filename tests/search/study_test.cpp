#include "search/study.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "search/builtin_spaces.h"
#include "search/strategies.h"
#include "spec/atomic_file.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using spec::ErrorKind;
using spec::Outcome;
using store::TrialStore;
using tests::contains;
using tests::error_of;

namespace {

Space macro_space() {
  return builtin_space("nas-bench-macro");
}

StudyConfig config(int trials, int lag) {
  return {.name = "main",
          .seed = 5,
          .trials = trials,
          .lag = lag,
          .budget = {.pictures = 100, .epochs = 2},
          .objective = one_cost(ObjectiveForm::kHard, 40e6),
          .strategy = "evolution"};
}

// A score that hangs on net and seed alone, given after a time that hangs on neither.
class Pretender final : public Evaluator {
 public:
  explicit Pretender(int worker) : pace_(static_cast<std::uint64_t>(worker) + 1) {}

  Outcome evaluate(const spec::Trial& trial, Reporter& reporter) override {
    std::this_thread::sleep_for(std::chrono::microseconds(pace_.below(500)));
    if (!reporter.go_on(trial.number)) throw spec::Error(ErrorKind::kStopped, {}, "stopped");
    spec::RandomStream random(trial.seed);
    if (random.below(10) == 0) return {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite"};
    const double ability = static_cast<double>(trial.candidate.cost.macs % 1000) / 25;
    return {.accuracy = 50 + ability + random.uniform(), .pictures = 200, .seconds = 0.25};
  }

 private:
  spec::RandomStream pace_;
};

std::unique_ptr<Evaluator> make_pretender(int worker) {
  return std::make_unique<Pretender>(worker);
}

// One line a trial: what must not depend on workers, timing or kills.
std::string table_of(const std::vector<TrialResult>& results) {
  std::string text;
  for (const TrialResult& result : results) {
    text += std::to_string(result.trial.number) + " " + spec::choices_json(result.trial.candidate.choices) +
            " " + std::to_string(result.trial.seed) + " " +
            spec::outcome_json(result.trial.number, result.outcome) + " " +
            std::to_string(result.reward.value_or(-1)) + " " + std::to_string(result.repeat) + " " +
            std::to_string(result.same_as.value_or(-1)) + "\n";
  }
  return text;
}

std::vector<TrialResult> run(const std::filesystem::path& file, const StudyConfig& config, int workers,
                             StudyObserver* observer = nullptr, const std::atomic<bool>* stop = nullptr) {
  const Space space = macro_space();
  const auto strategy = make_strategy(config.strategy, space);
  TrialStore store = TrialStore::open(file);
  Study study(
      config, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  return study.run(
      {.workers = workers, .make_evaluator = make_pretender, .observer = observer, .stop = stop});
}

class StopAfter final : public StudyObserver {
 public:
  explicit StopAfter(int trials) : left_(trials) {}
  void trial_finished(const TrialResult&) override {
    if (--left_ == 0) stop = true;
  }
  std::atomic<bool> stop = false;

 private:
  int left_;
};

// Writes down what it was told by the time of each ask.
class Recorder final : public Strategy {
 public:
  std::vector<spec::Choices> recommend(int) const override { return {}; }
  explicit Recorder(const Space& space) : space_(space) {}
  spec::Choices ask(const AskContext& context) override {
    told_by_ask.push_back(told_);
    spec::RandomStream random(context.seed);
    return space_.sample(random);
  }
  void tell(int trial, const spec::Choices&, std::optional<double>) override { told_.push_back(trial); }
  std::vector<std::vector<int>> told_by_ask;

 private:
  const Space& space_;
  std::vector<int> told_;
};

}  // namespace

TEST_CASE("ask n sees exactly the outcomes of trials 0 to n - lag, in order") {
  const Space space = macro_space();
  for (const int lag : {1, 3, 8}) {
    for (const int workers : {1, 8}) {
      const tests::TemporaryFolder scratch;
      Recorder recorder(space);
      TrialStore store = TrialStore::open(scratch / "s");
      Study study(
          config(14, lag), [&](const spec::Choices& choices) { return space.candidate(choices); }, recorder,
          store);
      study.run({.workers = workers, .make_evaluator = make_pretender});
      REQUIRE(recorder.told_by_ask.size() == 14);
      for (int n = 0; n < 14; ++n) {
        std::vector<int> expected;
        for (int i = 0; i <= n - lag; ++i) expected.push_back(i);
        REQUIRE(recorder.told_by_ask[static_cast<std::size_t>(n)] == expected);
      }
    }
  }
}

TEST_CASE("the trials are the same for any number of workers and any points of stopping") {
  for (const std::string strategy : {"evolution", "reinforce"}) {
    const tests::TemporaryFolder scratch;
    StudyConfig study = config(36, 4);
    study.strategy = strategy;
    const std::string whole = table_of(run(scratch / "whole", study, 1));
    CHECK(table_of(run(scratch / "four", study, 4)) == whole);
    for (const int chunk : strategy == "evolution" ? std::vector{5, 17} : std::vector{11}) {
      const auto file = scratch / ("stopped" + std::to_string(chunk));
      std::string table;
      for (int attempt = 0; table.empty(); ++attempt) {
        REQUIRE(attempt < 100);
        StopAfter observer(chunk);
        try {
          table = table_of(run(file, study, 1 + attempt % 4, &observer, &observer.stop));
        } catch (const spec::Error& error) {
          REQUIRE(error.kind() == ErrorKind::kStopped);
        }
      }
      CHECK(table == whole);
    }
  }
}

TEST_CASE("a study that was killed goes on to the same trials") {
  const tests::TemporaryFolder scratch;
  const StudyConfig study = config(40, 4);
  const std::string whole = table_of(run(scratch / "whole", study, 2));
  for (int kills = 0; kills < 4; ++kills) {
    const pid_t child = fork();
    if (child == 0) {
      run(scratch / "killed", study, 3);
      _exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(8 + 5 * kills));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  CHECK(table_of(run(scratch / "killed", study, 2)) == whole);
}

TEST_CASE("more trials can be asked for later; the first ones stay") {
  const tests::TemporaryFolder scratch;
  const std::string whole = table_of(run(scratch / "whole", config(36, 2), 2));
  run(scratch / "grown", config(20, 2), 2);
  CHECK(table_of(run(scratch / "grown", config(36, 2), 2)) == whole);
}

TEST_CASE("an identical net is not trained twice unless asked for") {
  const tests::TemporaryFolder scratch;
  StudyConfig study = config(80, 4);
  const std::vector<TrialResult> taken = run(scratch / "taken", study, 4);
  int repeats = 0;
  for (const TrialResult& result : taken) {
    if (!result.same_as) continue;
    ++repeats;
    const TrialResult& first = taken[static_cast<std::size_t>(*result.same_as)];
    CHECK(result.trial.candidate.arch == first.trial.candidate.arch);
    CHECK(result.outcome.accuracy == first.outcome.accuracy);
    CHECK(result.outcome.pictures == 0);
    CHECK(result.repeat > 0);
  }
  CHECK(repeats > 0);
  study.identical = IdenticalNets::kTrainAgain;
  for (const TrialResult& result : run(scratch / "again", study, 4)) CHECK_FALSE(result.same_as.has_value());
}

TEST_CASE("the store is read back as it was returned") {
  const tests::TemporaryFolder scratch;
  const std::vector<TrialResult> results = run(scratch / "s", config(25, 3), 3);
  const TrialStore store = TrialStore::open_existing(scratch / "s");
  const StudyConfig stored = config_from_record(store.study("main"));
  CHECK(config_json(stored) == config_json(config(25, 3)));
  CHECK(table_of(read_results(store, stored)) == table_of(results));
  CHECK(best_of(results)->reward == best_of(read_results(store, stored))->reward);
}

TEST_CASE("a study with other settings, or trials that it did not ask for, is refused") {
  const tests::TemporaryFolder scratch;
  run(scratch / "s", config(25, 3), 3);
  const spec::Error lag = error_of([&] { run(scratch / "s", config(25, 4), 3); });
  CHECK(lag.kind() == ErrorKind::kUsage);
  CHECK(contains(lag.message(), "lag was 3 and is now 4"));

  const Space space = macro_space();
  Recorder other(space);  // says it is the same strategy, but asks otherwise once there is something to learn
  TrialStore store = TrialStore::open(scratch / "s");
  Study study(
      config(25, 3), [&](const spec::Choices& choices) { return space.candidate(choices); }, other, store);
  const spec::Error replay = error_of([&] { study.run({.workers = 1, .make_evaluator = make_pretender}); });
  CHECK(replay.kind() == ErrorKind::kBadData);
  CHECK(contains(replay.message(), "trial 2"));
}

TEST_CASE("an evaluator that cannot work at all ends the study, and what was finished is kept") {
  class Broken final : public Evaluator {
   public:
    Outcome evaluate(const spec::Trial& trial, Reporter&) override {
      if (trial.number == 5) throw spec::Error(ErrorKind::kEnvironment, "disk", "is full");
      return {.accuracy = 50};
    }
  };
  const tests::TemporaryFolder scratch;
  const Space space = macro_space();
  const auto strategy = make_strategy("random", space);
  TrialStore store = TrialStore::open(scratch / "s");
  Study study(
      config(20, 1), [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy,
      store);
  const spec::Error error = error_of(
      [&] { study.run({.workers = 4, .make_evaluator = [](int) { return std::make_unique<Broken>(); }}); });
  CHECK(error.kind() == ErrorKind::kEnvironment);
  CHECK(store.trials("main").size() == 5);
}

TEST_CASE("a trial that failed by what may be an accident is tried once more, one that diverged is not") {
  static std::atomic<int> evaluations;
  class Unlucky final : public Evaluator {
   public:
    Outcome evaluate(const spec::Trial& trial, Reporter&) override {
      ++evaluations;
      if (trial.number == 1 && std::exchange(first_, false)) return {.kind = spec::OutcomeKind::kCrashed};
      if (trial.number == 2) return {.kind = spec::OutcomeKind::kTimedOut, .message = "again"};
      if (trial.number == 3) return {.kind = spec::OutcomeKind::kDiverged};
      return {.accuracy = 50};
    }

   private:
    bool first_ = true;
  };
  class Retries final : public StudyObserver {
   public:
    void trial_retried(const spec::Trial& trial, const Outcome&) override { numbers.push_back(trial.number); }
    std::vector<int> numbers;
  };
  evaluations = 0;
  const tests::TemporaryFolder scratch;
  const Space space = macro_space();
  const auto strategy = make_strategy("random", space);
  TrialStore store = TrialStore::open(scratch / "s");
  Study study(
      config(6, 1), [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  Retries retries;
  const auto results =
      study.run({.make_evaluator = [](int) { return std::make_unique<Unlucky>(); }, .observer = &retries});
  CHECK(retries.numbers == std::vector<int>{1, 2});
  CHECK(evaluations == 8);
  CHECK(results[1].outcome.scored());
  CHECK(results[2].outcome.kind == spec::OutcomeKind::kTimedOut);
  CHECK(results[3].outcome.kind == spec::OutcomeKind::kDiverged);
}

TEST_CASE("no more workers are busy than the lag allows, and as many as it allows are") {
  static std::atomic<int> busy, most, allowed;
  class Counting final : public Evaluator {
   public:
    Outcome evaluate(const spec::Trial&, Reporter&) override {
      const int now = ++busy;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
      const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (most < allowed && std::chrono::steady_clock::now() < patience)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // time for one too many
      --busy;
      return {.accuracy = 50};
    }
  };
  for (const int lag : {1, 3}) {
    busy = most = 0;
    allowed = lag;
    const tests::TemporaryFolder scratch;
    const Space space = macro_space();
    const auto strategy = make_strategy("random", space);
    TrialStore store = TrialStore::open(scratch / "s");
    StudyConfig study_config = config(14, lag);
    study_config.identical = IdenticalNets::kTrainAgain;
    Study study(
        study_config, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy,
        store);
    study.run({.workers = 8, .make_evaluator = [](int) { return std::make_unique<Counting>(); }});
    CHECK(most == lag);
  }
}
