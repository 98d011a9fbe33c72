// What a trial store keeps. On each kind of database.
#include "store/trial_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <limits>

#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_store.h"

using namespace effnet;
using spec::Error;
using spec::ErrorKind;
using store::TrialRecord;
using store::TrialStore;
using tests::error_of;
using tests::example_record;

TEST_CASE("what is recorded is read back, whole, by another process") {
  const tests::ScratchStore scratch;
  {
    TrialStore store = TrialStore::open(scratch.location());
    store.open_study({"main", 0xffffffffffffffffULL, R"({"lag":8})"});
    TrialRecord failed = example_record(3);
    failed.outcome = {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite at step 17"};
    failed.same_as = 1;
    failed.repeat = 2;
    store.record("main", failed);
    store.record("main", example_record(1));
  }
  const TrialStore store = TrialStore::open_existing(scratch.location());
  CHECK(store.study("main").seed == 0xffffffffffffffffULL);
  const std::vector<TrialRecord> rows = store.trials("main");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].trial.number == 1);
  CHECK(rows[0].trial.seed == example_record(1).trial.seed);
  CHECK(rows[0].trial.candidate.choices == example_record(1).trial.candidate.choices);
  CHECK(rows[0].trial.candidate.arch == example_record(1).trial.candidate.arch);
  CHECK(rows[0].trial.candidate.cost == example_record(1).trial.candidate.cost);
  CHECK(rows[0].trial.budget == example_record(1).trial.budget);
  CHECK(rows[0].outcome.accuracy == 88.125);
  CHECK_FALSE(rows[0].same_as.has_value());
  CHECK(rows[1].outcome.kind == spec::OutcomeKind::kDiverged);
  CHECK(rows[1].outcome.message == "loss is not finite at step 17");
  CHECK(rows[1].same_as == 1);
  CHECK(rows[1].repeat == 2);
}

TEST_CASE("a study goes on only with the settings it was started with") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, R"({"strategy":"evolution","lag":8})"});
  store.open_study({"main", 1, R"({"lag":8,"strategy":"evolution"})"});
  const Error config = error_of([&] { store.open_study({"main", 1, R"({"strategy":"random","lag":8})"}); });
  CHECK(config.kind() == ErrorKind::kUsage);
  CHECK(config.message().find("strategy was \"evolution\" and is now \"random\"") != std::string::npos);
  const Error seed = error_of([&] { store.open_study({"main", 2, R"({"strategy":"evolution","lag":8})"}); });
  CHECK(seed.message().find("seed was 1 and is now 2") != std::string::npos);
  store.open_study({"random-arm", 2, "{}"});  // another name is another study
  CHECK(store.studies().size() == 2);
  CHECK(error_of([&] { store.study("mian"); }).advice().find("main") != std::string::npos);
}

TEST_CASE("a trial is recorded once") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  store.record("main", example_record(0));
  CHECK(error_of([&] { store.record("main", example_record(0)); }).kind() == ErrorKind::kFailed);
  CHECK(store.trials("main").size() == 1);
}

TEST_CASE("rows recorded before a kill are there after it") {
  const tests::ScratchStore scratch;
  const pid_t child = fork();
  if (child == 0) {
    TrialStore store = TrialStore::open(scratch.location());
    store.open_study({"main", 1, "{}"});
    for (int i = 0; i < 5; ++i) store.record("main", example_record(i));
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  CHECK(TrialStore::open(scratch.location()).trials("main").size() == 5);
}

TEST_CASE("numbers come back bit by bit") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  TrialRecord odd = example_record(std::numeric_limits<int>::max());
  odd.outcome = {.accuracy = 100.0 / 3,
                 .loss = std::numeric_limits<double>::denorm_min(),
                 .pictures = std::numeric_limits<std::int64_t>::max(),
                 .seconds = std::numeric_limits<double>::max(),
                 .rungs = {60.1, 1.0 / 3}};
  store.record("main", odd);
  odd.trial.number = 0;
  odd.outcome.loss = std::numeric_limits<double>::infinity();
  store.record("main", odd);
  const std::vector<TrialRecord> rows = store.trials("main");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].outcome.loss == std::numeric_limits<double>::infinity());
  CHECK(rows[0].outcome.rungs == odd.outcome.rungs);
  CHECK(rows[1].trial.number == std::numeric_limits<int>::max());
  CHECK(rows[1].outcome.accuracy == 100.0 / 3);
  CHECK(rows[1].outcome.loss == std::numeric_limits<double>::denorm_min());
  CHECK(rows[1].outcome.pictures == std::numeric_limits<std::int64_t>::max());
  CHECK(rows[1].outcome.seconds == std::numeric_limits<double>::max());
}

TEST_CASE("a trial says when it was recorded") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  const std::time_t before = std::time(nullptr);
  store.record("main", example_record(0));
  std::tm finished{};
  const std::string text = store.trials("main")[0].finished;
  REQUIRE(strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &finished) == text.c_str() + text.size());
  CHECK(std::abs(std::difftime(timegm(&finished), before)) <= 10);
}

TEST_CASE("a study's number of trials is as it was opened last") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}", 40});
  store.open_study({"main", 1, "{}", 60});
  CHECK(TrialStore::open_existing(scratch.location()).study("main").trials == 60);
}

TEST_CASE("a store that is opened to be read is not written") {
  const tests::ScratchStore scratch;
  CHECK(error_of([&] { TrialStore::open_existing(scratch.location()); }).kind() == ErrorKind::kBadData);
  CHECK(error_of([&] { TrialStore::open_existing(scratch.location()); }).kind() == ErrorKind::kBadData);
  TrialStore::open(scratch.location()).open_study({"main", 1, "{}"});
  TrialStore store = TrialStore::open_existing(scratch.location());
  CHECK(error_of([&] { store.record("main", example_record(0)); }).kind() == ErrorKind::kEnvironment);
  CHECK(error_of([&] { store.open_study({"other", 1, "{}"}); }).kind() == ErrorKind::kEnvironment);
  CHECK(store.trials("main").empty());
}

TEST_CASE("a row that is no trial is bad data") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  for (int i = 0; i < 10; ++i) store.record("main", example_record(i));
  scratch.execute("UPDATE trials SET choices = '{' WHERE number = 7");
  const Error error = error_of([&] { store.trials("main"); });
  CHECK(error.kind() == ErrorKind::kBadData);
  CHECK(error.where().find("trial 7") != std::string::npos);
}
