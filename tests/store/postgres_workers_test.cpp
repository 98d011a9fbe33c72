// Many workers and one study on a PostgreSQL server: nothing is lost and nothing done twice, when workers die, when all come
// at once, and when the server itself goes down.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "store/trial_store.h"
#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/postgres_server.h"
#include "tests/support/scratch_store.h"

using namespace effnet;
using store::Claim;
using store::TrialStore;
using tests::example_record;
using tests::PostgresServer;
using namespace std::chrono_literals;

namespace {

std::string with_timeout(const std::string& location, int seconds) {
  std::string url = location;
  return url.insert(url.find('#'), "&connect_timeout=" + std::to_string(seconds));
}

// The study's part: records what was delivered, so many trials.
void record_delivered(TrialStore& store, int trials) {
  while (trials > 0) {
    for (const store::QueuedTrial& queued : store.queue("main")) {
      if (!queued.outcome) continue;
      store::TrialRecord record = example_record(queued.number);
      record.outcome = *queued.outcome;
      store.record("main", record);
      --trials;
    }
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace

TEST_CASE("processes that make the same store at once all get it") {
  constexpr int kProcesses = 8;
  for (int round = 0; round < 3; ++round) {
    const tests::ScratchStore scratch;
    int gate[2];
    REQUIRE(pipe(gate) == 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(fork());
      if (children.back() != 0) continue;
      close(gate[1]);
      char byte;
      while (read(gate[0], &byte, 1) > 0) {
      }  // until all are there
      try {
        TrialStore store = TrialStore::open(scratch.location());
        store.open_study({"main", 1, "{}", 10});
        store.offer("main", example_record(i).trial);
        _exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(1);
      }
    }
    close(gate[0]);
    close(gate[1]);
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      CHECK(status == 0);
    }
    const TrialStore store = TrialStore::open_existing(scratch.location());
    CHECK(store.studies().size() == 1);
    CHECK(store.queue("main").size() == kProcesses);
  }
}

TEST_CASE(
    "200 workers share 1200 trials: none is lost, none is done twice, and those of the dead come back") {
  constexpr int kWorkers = 200, kDying = 20, kTrials = 1200;
  const tests::ScratchStore scratch;
  const std::string location = with_timeout(scratch.location(), 120);  // 200 at once on a busy machine
  TrialStore study = TrialStore::open(location);
  study.open_study({"main", 1, "{}", kTrials});
  for (int i = 0; i < kTrials; ++i) study.offer("main", example_record(i).trial);

  std::vector<std::atomic<int>> delivered(kTrials), by(kTrials);
  std::atomic<int> ready = 0, died = 0, refused = 0, failed = 0;
  std::atomic<double> life = 3600;
  std::atomic<bool> all_done = false;
  const auto work = [&](int number) {
    try {
      TrialStore store = TrialStore::open(location);
      const std::string name = "worker-" + std::to_string(number);
      if (number < kDying) died += store.claim(name, life).has_value();
      ++ready;
      if (number < kDying) return;
      while (ready < kWorkers && !all_done) std::this_thread::sleep_for(1ms);
      while (!all_done) {
        const std::optional<Claim> claim = store.claim(name, life);
        if (!claim) {
          std::this_thread::sleep_for(200ms);
        } else if (store.deliver(*claim, {.accuracy = number / 10.0})) {
          ++delivered[claim->trial.number];
          by[claim->trial.number] = number;
        } else {
          ++refused;  // another has it, too
        }
      }
    } catch (const std::exception& error) {
      ++failed;
      std::fprintf(stderr, "%s\n", error.what());
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(work, i);
  while (ready + failed < kWorkers) std::this_thread::sleep_for(1ms);
  if (failed == 0) {
    record_delivered(study, kTrials - kDying);
    CHECK(refused == 0);
    CHECK(study.queue("main").size() == kDying);
    life = 1;
    record_delivered(study, kDying);
  }
  all_done = true;
  for (std::thread& worker : workers) worker.join();

  CHECK(failed == 0);
  CHECK(died == kDying);
  const std::vector<store::TrialRecord> rows = study.trials("main");
  REQUIRE(rows.size() == kTrials);
  int wrong = 0;
  for (int i = 0; i < kTrials; ++i) {
    if (rows[i].trial.number != i || delivered[i] != 1 || rows[i].outcome.accuracy != by[i] / 10.0) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(study.queue("main").empty());
}

TEST_CASE("a server that crashes and comes back holds up a study and its workers, no more") {
  constexpr int kWorkers = 4, kTrials = 300;
  PostgresServer& server = PostgresServer::shared();
  const tests::ScratchStore scratch;
  TrialStore study = TrialStore::open(scratch.location());
  study.open_study({"main", 1, "{}", kTrials});

  std::atomic<int> failed = 0, brought = 0;
  std::atomic<bool> all_done = false;
  const auto attempt = [&](const auto& work) {
    try {
      work();
    } catch (const std::exception& error) {
      ++failed;
      std::fprintf(stderr, "%s\n", error.what());
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kWorkers; ++i) {
    threads.emplace_back(attempt, [&, i] {
      TrialStore store = TrialStore::open(scratch.location());
      while (!all_done) {
        const std::optional<Claim> claim = store.claim("worker-" + std::to_string(i), 1);
        if (claim && store.deliver(*claim, {.accuracy = 50})) ++brought;
        std::this_thread::sleep_for(claim ? 1ms : 20ms);
      }
    });
  }
  threads.emplace_back(attempt, [&] {
    for (int crash = 1; crash <= 2; ++crash) {
      while (brought < crash * kTrials / 3) std::this_thread::sleep_for(1ms);
      server.crash();
      server.start();
    }
  });
  attempt([&] {
    for (int i = 0; i < kTrials; ++i) study.offer("main", example_record(i).trial);
    record_delivered(study, kTrials);
  });
  all_done = true;
  for (std::thread& thread : threads) thread.join();

  CHECK(failed == 0);
  CHECK(TrialStore::open_existing(scratch.location()).trials("main").size() == kTrials);
}

TEST_CASE("a server that stays away is an environment error, and the store works again when it is back") {
  PostgresServer& server = PostgresServer::shared();
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(with_timeout(scratch.location(), 1));
  store.open_study({"main", 1, "{}"});
  store.record("main", example_record(0));
  server.crash();
  const spec::Error error = tests::error_of([&] { store.record("main", example_record(1)); });
  CHECK(error.kind() == spec::ErrorKind::kEnvironment);
  CHECK(tests::contains(error.message(), "lost"));
  CHECK(tests::contains(error.advice(), "run the same command again"));
  server.start();
  store.record("main", example_record(1));
  CHECK(store.trials("main").size() == 2);
}
