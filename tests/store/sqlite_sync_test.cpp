// How often a SQLite store waits for the disk: once for what must survive a power cut, never for the queue. This program's
// fdatasync and fsync stand before those of the C library, also for SQLite, and count.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "store/trial_store.h"
#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/scratch_store.h"

namespace {
std::atomic<int> syncs = 0;
}

extern "C" int fdatasync(int file) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

extern "C" int fsync(int file) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fsync, file));
}

using namespace effnet;
using tests::example_record;

TEST_CASE("records wait for the disk, the queue does not") {
  const tests::ScratchStore scratch;
  store::TrialStore store = store::TrialStore::open(scratch.location());
  syncs = 0;
  store.open_study({"main", 1, "{}"});
  CHECK(syncs > 0);

  syncs = 0;
  for (int i = 0; i < 20; ++i) store.offer("main", example_record(i).trial);
  for (int i = 0; i < 10; ++i) {
    const store::Claim claim = *store.claim("anna", 3600);
    CHECK(store.beat(claim, 0.5));
    if (i % 2 == 0)
      CHECK(store.deliver(claim, {.accuracy = 50}));
    else
      store.give_back(claim);
  }
  store.give_back_all("main", "anna");
  CHECK(store.queue("main").size() == 20);
  CHECK(syncs == 0);

  for (int i = 0; i < 5; ++i) {
    syncs = 0;
    store.record("main", example_record(i));
    CHECK(syncs > 0);
    store.offer("main", example_record(20 + i).trial);
  }
}
