// The queue of a trial store: what workers of other processes take from it and bring back. On each kind of database.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "store/trial_store.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_store.h"

using namespace effnet;
using store::Claim;
using store::TrialStore;

namespace {

constexpr double kLong = 3600;  // seconds a silent worker keeps its claim

spec::Trial trial(int number) {
  spec::Trial trial;
  trial.number = number;
  trial.seed = 0xfedcba9876543210ULL;
  trial.candidate = {{{"stage1.kernel", 5.0}},
                     spec::parse_arch("- | mb_k5_s2_e6_c24 | - | fc10 @1x20 silu", "test"),
                     {.params = 12, .macs = 34}};
  trial.budget = {.pictures = 100, .epochs = 2};
  return trial;
}

TrialStore store_with(const std::string& location, int trials) {
  TrialStore store = TrialStore::open(location);
  store.open_study({"main", 1, "{}"});
  for (int i = 0; i < trials; ++i) store.offer("main", trial(i));
  return store;
}

}  // namespace

TEST_CASE("a trial that is offered is claimed once, whole, and brought back") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 2);
  const std::optional<Claim> first = store.claim("anna", kLong);
  REQUIRE(first);
  CHECK(first->study == "main");
  CHECK(first->trial.number == 0);
  CHECK(first->trial.seed == trial(0).seed);
  CHECK(first->trial.candidate.arch == trial(0).candidate.arch);
  CHECK(first->trial.candidate.choices == trial(0).candidate.choices);
  CHECK(first->trial.budget == trial(0).budget);
  CHECK(store.claim("bert", kLong)->trial.number == 1);
  CHECK_FALSE(store.claim("carl", kLong));

  CHECK(store.beat(*first, 0.25));
  CHECK(store.queue("main")[0].worker == "anna");
  CHECK(store.queue("main")[0].progress == 0.25);
  CHECK(store.deliver(*first, {.accuracy = 1.0 / 3, .loss = 0.4, .pictures = 200, .seconds = 9.5}));
  REQUIRE(store.queue("main")[0].outcome);
  CHECK(store.queue("main")[0].outcome->accuracy == 1.0 / 3);
  store.record("main", {trial(0), 0, {}, *store.queue("main")[0].outcome});
  REQUIRE(store.queue("main").size() == 1);
  CHECK(store.queue("main")[0].number == 1);
}

TEST_CASE("the claim of a silent worker goes to another, and what the first brings later is not used") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 1);
  const Claim silent = *store.claim("silent", kLong);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const std::optional<Claim> second = store.claim("second", 0.01);
  REQUIRE(second);
  CHECK_FALSE(store.beat(silent, 0.5));
  CHECK_FALSE(store.deliver(silent, {.accuracy = 1}));
  store.give_back(silent);
  CHECK(store.queue("main")[0].worker == "second");
  CHECK(store.deliver(*second, {.accuracy = 2}));
  CHECK_FALSE(store.deliver(*second, {.accuracy = 3}));
  CHECK(store.queue("main")[0].outcome->accuracy == 2);
}

TEST_CASE("a sign of life keeps a claim") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 1);
  const Claim claim = *store.claim("alive", kLong);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  CHECK(store.beat(claim, 0));
  CHECK_FALSE(store.claim("other", 0.1));
}

TEST_CASE("claims that are given back can be taken again") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 3);
  const Claim claim = *store.claim("study-0", kLong);
  store.claim("study-1", kLong);
  store.claim("far", kLong);
  store.give_back(claim);
  CHECK(store.claim("near", kLong)->trial.number == 0);
  store.give_back_all("main", "study-");
  CHECK(store.claim("near", kLong)->trial.number == 1);
  CHECK_FALSE(store.claim("near", kLong));
}

TEST_CASE("a trial offered again keeps its worker; another trial of the number takes its place") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 1);
  const Claim claim = *store.claim("anna", kLong);
  store.offer("main", trial(0));
  CHECK(store.beat(claim, 0));
  spec::Trial other = trial(0);
  other.seed = 1;
  store.offer("main", other);
  CHECK_FALSE(store.beat(claim, 0));
  CHECK(store.claim("bert", kLong)->trial.seed == 1);
}

TEST_CASE("of many processes that claim at once each trial has one, and none is left") {
  constexpr int kWorkers = 8, kTrials = 64;
  const tests::ScratchStore scratch;
  store_with(scratch.location(), kTrials);
  std::vector<pid_t> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(fork());
    if (workers.back() != 0) continue;
    TrialStore store = TrialStore::open(scratch.location());
    const std::string name = "worker" + std::to_string(i);
    while (const std::optional<Claim> claim = store.claim(name, kLong)) {
      // The outcome names the worker: were a trial claimed twice, one of the deliveries would fail.
      if (!store.deliver(*claim, {.accuracy = static_cast<double>(i)})) _exit(1);
    }
    _exit(0);
  }
  for (const pid_t worker : workers) {
    int status = 0;
    waitpid(worker, &status, 0);
    CHECK(status == 0);
  }
  const TrialStore store = TrialStore::open_existing(scratch.location());
  REQUIRE(store.queue("main").size() == kTrials);
  for (const store::QueuedTrial& queued : store.queue("main")) CHECK(queued.outcome.has_value());
}

TEST_CASE("a trial that is offered again can be claimed once more, and what was delivered is gone") {
  const tests::ScratchStore scratch;
  TrialStore store = store_with(scratch.location(), 1);
  const Claim first = *store.claim("anna", kLong);
  CHECK(store.deliver(first, {.kind = spec::OutcomeKind::kCrashed, .message = "by accident"}));
  store.offer_again("main", 0);
  CHECK_FALSE(store.queue("main")[0].outcome);
  const std::optional<Claim> second = store.claim("bert", kLong);
  REQUIRE(second);
  CHECK(store.deliver(*second, {.accuracy = 70}));
  CHECK(store.queue("main")[0].outcome->accuracy == 70);
}

TEST_CASE("without a study's name a claim is of the first study that has a free trial") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  for (const char* name : {"second in the alphabet", "first in the alphabet"}) {
    store.open_study({name, 1, "{}"});
    store.offer(name, trial(7));
  }
  CHECK_FALSE(store.claim("anna", kLong, "third"));
  CHECK(store.claim("anna", kLong)->study == "second in the alphabet");
  CHECK(store.claim("anna", kLong)->study == "first in the alphabet");
  CHECK_FALSE(store.claim("anna", kLong));
  store.give_back_all("first in the alphabet", "anna");
  CHECK_FALSE(store.claim("bert", kLong, "second in the alphabet"));
  CHECK(store.claim("bert", kLong, "first in the alphabet")->trial.number == 7);
}

TEST_CASE("trials are not offered to a study that was not opened") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  CHECK(tests::error_of([&] { store.offer("main", trial(0)); }).kind() == spec::ErrorKind::kFailed);
  CHECK(tests::error_of([&] { store.queue("main"); }).kind() == spec::ErrorKind::kFailed);
}
