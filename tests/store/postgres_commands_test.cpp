// Commands that read a trial store on a PostgreSQL server.
#include "search/study.h"
#include "tests/apps/run_program.h"
#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/postgres_server.h"
#include "tests/support/scratch_store.h"

using namespace effnet;
using store::TrialStore;
using tests::contains;
using tests::example_record;
using tests::PostgresServer;

TEST_CASE("effnet study reads a store on a server") {
  const tests::ScratchStore scratch;
  {
    search::StudyConfig config;
    config.name = "search";
    config.strategy = "random";
    TrialStore store = TrialStore::open(scratch.location());
    store.open_study({"search", 1, search::config_json(config), 10});
    store.record("search", example_record(0));
  }
  const tests::Finished list = tests::effnet({"study", "ls", scratch.location()});
  CHECK(list.code == 0);
  CHECK(contains(list.out, "88.12"));
  CHECK(contains(tests::effnet({"study", "show", scratch.location(), "search"}).out, "1 finished, 1 scored"));
  CHECK(contains(tests::effnet({"study", "export", scratch.location()}).out, "stage1.kernel"));
  tests::check_one_message(tests::effnet({"study", "ls", PostgresServer::shared().url() + "#nothing"}), 3,
                           "there is no trial store here");
  const tests::Finished wrong =
      tests::effnet({"explain", PostgresServer::shared().url("guarded", "postgres", ":secret")});
  tests::check_one_message(wrong, 4, "no connection");
  CHECK_FALSE(contains(wrong.err, "secret"));
}
