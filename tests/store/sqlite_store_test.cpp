// What a SQLite file as a trial store must stand, beyond what each kind of database must.
#include "store/trial_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "spec/atomic_file.h"
#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using spec::Error;
using spec::ErrorKind;
using store::TrialRecord;
using store::TrialStore;
using tests::error_of;
using tests::example_record;

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
    for (int i = 0; i < 100; ++i) store.record("main", example_record(i));
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
      while (recorded < 10'000) store.record("main", example_record(recorded)), ++recorded;
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

TEST_CASE("a store of the first schema is read as it is, and brought to the present one when written") {
  const tests::TemporaryFolder scratch;
  {
    TrialStore store = TrialStore::open(scratch / "s");
    store.open_study({"main", 1, "{}"});
    store.record("main", example_record(0));
  }
  {
    SQLite::Database old(scratch / "s", SQLite::OPEN_READWRITE);  // as the first version left it
    old.exec(
        "DROP TABLE queue; ALTER TABLE studies DROP COLUMN trials; ALTER TABLE trials DROP COLUMN rungs; "
        "ALTER TABLE trials DROP COLUMN latency_ns; PRAGMA user_version = 1");
  }
  {
    const TrialStore store = TrialStore::open_existing(scratch / "s");
    CHECK(store.studies().size() == 1);
    CHECK(store.trials("main").size() == 1);
    CHECK(store.queue("main").empty());
  }
  TrialStore store = TrialStore::open(scratch / "s");
  store.open_study({"main", 1, "{}", 40});
  CHECK(store.study("main").trials == 40);
  CHECK(store.trials("main").size() == 1);
  store.offer("main", example_record(1).trial);
  CHECK(store.claim("anna", 3600)->trial.number == 1);
}
