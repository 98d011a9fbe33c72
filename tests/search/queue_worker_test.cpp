// Workers that share nothing with the study but its store.
#include "search/queue_worker.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "search/builtin_spaces.h"
#include "search/strategies.h"
#include "search/study.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using store::TrialStore;
using tests::error_of;

namespace {

class ByCost final : public Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, Reporter&) override {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    return {.accuracy = 50 + static_cast<double>(trial.candidate.cost.macs % 1000) / 25, .seconds = 0.25};
  }
};

// Works until it is not wanted any more, a beat every few milliseconds.
class Endless final : public Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, Reporter& reporter) override {
    while (reporter.go_on(trial.number)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    throw spec::Error(spec::ErrorKind::kStopped, {}, "stopped");
  }
};

class Silent final : public Reporter {
 public:
  explicit Silent(const std::atomic<bool>& stop) : stop_(stop) {}
  void progress(int, double) override {}
  bool go_on(int) override { return !stop_; }

 private:
  const std::atomic<bool>& stop_;
};

StudyConfig study_of(int trials) {
  return {.name = "main", .seed = 3, .trials = trials, .lag = 4, .strategy = "evolution"};
}

std::vector<double> accuracies(const std::filesystem::path& file, const StudyRunOptions& options) {
  const Space space = builtin_space("nas-bench-macro");
  const auto strategy = make_strategy("evolution", space);
  TrialStore store = TrialStore::open(file);
  StudyConfig config = study_of(60);
  config.objective = accuracy_only();
  Study study(
      config, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  std::vector<double> accuracies;
  for (const TrialResult& result : study.run(options)) accuracies.push_back(result.outcome.accuracy);
  return accuracies;
}

spec::Trial trial(int number) {
  const Space space = builtin_space("nas-bench-macro");
  spec::RandomStream random(1);
  return {.number = number, .seed = 7, .candidate = space.candidate(space.sample(random))};
}

TrialStore store_with_a_trial(const std::filesystem::path& file) {
  TrialStore store = TrialStore::open(file);
  store.open_study({"main", 1, "{}"});
  store.offer("main", trial(0));
  return store;
}

}  // namespace

TEST_CASE("a study without workers of its own is done by others, and comes to the same") {
  const tests::TemporaryFolder scratch;
  const auto make = [](int) { return std::make_unique<ByCost>(); };
  const std::vector<double> alone = accuracies(scratch / "alone", {.workers = 4, .make_evaluator = make});

  std::atomic<bool> stop = false;
  std::atomic<int> delivered = 0;
  TrialStore::open(scratch / "shared");
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      TrialStore store = TrialStore::open(scratch / "shared");
      QueueWorker worker(store, {worker_name()});
      ByCost evaluator;
      Silent reporter(stop);
      while (!stop) {
        const auto result =
            worker.work([&](const store::Claim&) -> Evaluator& { return evaluator; }, reporter);
        if (result == QueueWorker::Result::kDelivered) ++delivered;
        if (result == QueueWorker::Result::kIdle) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  const std::vector<double> shared = accuracies(scratch / "shared", {.workers = 0});
  stop = true;
  for (std::thread& other : others) other.join();
  CHECK(shared == alone);
  CHECK(delivered > 0);
  CHECK(delivered <= 60);
}

TEST_CASE("a worker that lives keeps its trial, however long it takes") {
  const tests::TemporaryFolder scratch;
  TrialStore store = store_with_a_trial(scratch / "s");
  std::atomic<bool> stop = false;
  std::thread living([&] {
    TrialStore own = TrialStore::open(scratch / "s");
    Endless evaluator;
    Silent reporter(stop);
    CHECK(error_of([&] {
            QueueWorker(own, {"living", "", 0.08})
                .work([&](const store::Claim&) -> Evaluator& { return evaluator; }, reporter);
          }).kind() == spec::ErrorKind::kStopped);
  });
  while (store.queue("main")[0].worker.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(store.claim("other", 0.08));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  stop = true;
  living.join();
  CHECK(store.claim("other", 0.08));  // given back when it stopped
}

TEST_CASE("a worker whose trial was taken over stops working on it and delivers nothing") {
  const tests::TemporaryFolder scratch;
  TrialStore store = store_with_a_trial(scratch / "s");
  const std::atomic<bool> never = false;
  std::thread slow([&] {
    TrialStore own = TrialStore::open(scratch / "s");
    Endless evaluator;
    Silent reporter(never);
    CHECK(QueueWorker(own, {"slow", "", 0.1})
              .work([&](const store::Claim&) -> Evaluator& { return evaluator; }, reporter) ==
          QueueWorker::Result::kLost);
  });
  std::optional<store::Claim> taken;
  while (!taken) {
    if (!store.queue("main")[0].worker.empty()) taken = store.claim("quick", 0);
  }
  slow.join();
  CHECK(store.deliver(*taken, {.accuracy = 61}));
}

TEST_CASE("an evaluator that cannot work at all: the trial is given back, the error goes on") {
  class Broken final : public Evaluator {
    spec::Outcome evaluate(const spec::Trial&, Reporter&) override {
      throw spec::Error(spec::ErrorKind::kEnvironment, "disk", "is full");
    }
  };
  const tests::TemporaryFolder scratch;
  TrialStore store = store_with_a_trial(scratch / "s");
  Broken evaluator;
  const std::atomic<bool> never = false;
  Silent reporter(never);
  QueueWorker worker(store, {"broken"});
  const auto evaluator_of = [&](const store::Claim&) -> Evaluator& { return evaluator; };
  CHECK(error_of([&] { worker.work(evaluator_of, reporter); }).kind() == spec::ErrorKind::kEnvironment);
  CHECK(store.queue("main")[0].worker.empty());
}
