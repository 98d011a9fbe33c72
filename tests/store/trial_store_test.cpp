#include "store/trial_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "spec/atomic_file.h"
#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using spec::Error;
using spec::ErrorKind;
using store::TrialRecord;
using store::TrialStore;

namespace {

constexpr const char* kNet = "conv_k3_s1_c16 | mb_k5_s2_e6_c24_r2_se0.25 | conv_k1_s1_c64 | fc10 @1x20 silu";

TrialRecord trial(int number) {
  TrialRecord record;
  record.trial.number = number;
  record.trial.seed = 0xfedcba9876543210ULL + number;  // above 2^63: SQLite's integers are signed
  record.trial.candidate = {{{"stage1.kernel", 5.0}, {"stage1.op", std::string("mb")}},
                            spec::parse_arch(kNet, "test"),
                            {.params = 12, .macs = 34, .activations = 56, .bn_buffers = 78}};
  record.trial.budget = {.pictures = 12000, .epochs = 2};
  record.outcome = {.accuracy = 88.125, .loss = 0.4, .pictures = 24000, .seconds = 9.5};
  return record;
}

template <class Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("what is recorded is read back, whole, by another process") {
  const tests::TemporaryFolder scratch;
  {
    TrialStore store = TrialStore::open(scratch / "trials.sqlite");
    store.open_study({"main", 0xffffffffffffffffULL, R"({"lag":8})"});
    TrialRecord failed = trial(3);
    failed.outcome = {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite at step 17"};
    failed.same_as = 1;
    failed.repeat = 2;
    store.record("main", failed);
    store.record("main", trial(1));
  }
  const TrialStore store = TrialStore::open_existing(scratch / "trials.sqlite");
  CHECK(store.study("main").seed == 0xffffffffffffffffULL);
  const std::vector<TrialRecord> rows = store.trials("main");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].trial.number == 1);
  CHECK(rows[0].trial.seed == trial(1).trial.seed);
  CHECK(rows[0].trial.candidate.choices == trial(1).trial.candidate.choices);
  CHECK(rows[0].trial.candidate.arch == trial(1).trial.candidate.arch);
  CHECK(rows[0].trial.candidate.cost == trial(1).trial.candidate.cost);
  CHECK(rows[0].trial.budget == trial(1).trial.budget);
  CHECK(rows[0].outcome.accuracy == 88.125);
  CHECK_FALSE(rows[0].same_as.has_value());
  CHECK(rows[1].outcome.kind == spec::OutcomeKind::kDiverged);
  CHECK(rows[1].outcome.message == "loss is not finite at step 17");
  CHECK(rows[1].same_as == 1);
  CHECK(rows[1].repeat == 2);
}

TEST_CASE("a study goes on only with the settings it was started with") {
  const tests::TemporaryFolder scratch;
  TrialStore store = TrialStore::open(scratch / "trials.sqlite");
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
  const tests::TemporaryFolder scratch;
  TrialStore store = TrialStore::open(scratch / "trials.sqlite");
  store.open_study({"main", 1, "{}"});
  store.record("main", trial(0));
  CHECK(error_of([&] { store.record("main", trial(0)); }).kind() == ErrorKind::kFailed);
  CHECK(store.trials("main").size() == 1);
}

TEST_CASE("files that are no trial store are refused and left alone") {
  const tests::TemporaryFolder scratch;
  SECTION("text") {
    const std::string text(5000, 'x');
    spec::write_file_atomically(scratch / "a", text);
    CHECK(error_of([&] { TrialStore::open(scratch / "a"); }).kind() == ErrorKind::kBadData);
    CHECK(spec::read_file(scratch / "a") == text);
  }
  SECTION("another program's database") {
    {
      SQLite::Database(scratch / "a", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
          .exec("CREATE TABLE t (x)");
    }
    const std::string before = spec::read_file(scratch / "a");
    CHECK(error_of([&] { TrialStore::open(scratch / "a"); }).kind() == ErrorKind::kBadData);
    CHECK(spec::read_file(scratch / "a") == before);
  }
  SECTION("a store of a later version") {
    { TrialStore::open(scratch / "a"); }
    { SQLite::Database(scratch / "a", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }
    CHECK(error_of([&] { TrialStore::open(scratch / "a"); }).message().find("99") != std::string::npos);
  }
  SECTION("nothing") {
    CHECK(error_of([&] { TrialStore::open_existing(scratch / "a"); }).kind() == ErrorKind::kBadData);
    CHECK(error_of([&] { TrialStore::open(scratch / "no" / "a"); }).kind() == ErrorKind::kEnvironment);
  }
}

TEST_CASE("a damaged store is bad data, never a crash") {
  const tests::TemporaryFolder scratch;
  {
    TrialStore store = TrialStore::open(scratch / "a");
    store.open_study({"main", 1, "{}"});
    for (int i = 0; i < 100; ++i) store.record("main", trial(i));
  }
  const std::string whole = spec::read_file(scratch / "a");
  SECTION("cut short") {
    spec::write_file_atomically(scratch / "a", whole.substr(0, whole.size() / 2));
  }
  SECTION("overwritten in the middle") {
    std::string damaged = whole;
    std::fill(damaged.begin() + 4096, damaged.end() - 100, '\x5a');
    spec::write_file_atomically(scratch / "a", damaged);
  }
  SECTION("a row that is no trial") {
    SQLite::Database(scratch / "a", SQLite::OPEN_READWRITE)
        .exec("UPDATE trials SET choices = '{' WHERE number = 7");
  }
  CHECK(error_of([&] { TrialStore::open(scratch / "a").trials("main"); }).kind() == ErrorKind::kBadData);
}

TEST_CASE("rows recorded before a kill are there after it") {
  const tests::TemporaryFolder scratch;
  const pid_t child = fork();
  if (child == 0) {
    TrialStore store = TrialStore::open(scratch / "a");
    store.open_study({"main", 1, "{}"});
    for (int i = 0; i < 5; ++i) store.record("main", trial(i));
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  CHECK(TrialStore::open(scratch / "a").trials("main").size() == 5);
}

TEST_CASE("a disk that is full is an environment error and loses nothing") {
  const tests::TemporaryFolder scratch;
  { TrialStore::open(scratch / "a").open_study({"main", 1, "{}"}); }
  const pid_t child = fork();  // a limit on file size stands for the full disk, in a process of its own
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    TrialStore store = TrialStore::open(scratch / "a");
    const rlimit limit{.rlim_cur = 60'000, .rlim_max = 60'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    int recorded = 0;
    try {
      while (recorded < 10'000) store.record("main", trial(recorded)), ++recorded;
    } catch (const Error& error) {
      _exit(error.kind() == ErrorKind::kEnvironment && recorded > 0 ? recorded : 0);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const int recorded = WEXITSTATUS(status);
  CHECK(recorded > 0);
  CHECK(static_cast<int>(TrialStore::open(scratch / "a").trials("main").size()) == recorded);
}
