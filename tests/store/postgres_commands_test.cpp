// Commands that use a trial store on a PostgreSQL server.
#include <nlohmann/json.hpp>

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

TEST_CASE(
    "a search on a server, done by workers that know its URL alone, comes to what it comes to in a file") {
  constexpr const char* kEvaluator = R"(#!/bin/sh
while read -r line; do
  trial=${line#*\"trial\":}; trial=${trial%%,*}
  macs=${line#*\"macs\":}; macs=${macs%%,*}
  echo "{\"trial\":$trial,\"accuracy\":$((50 + macs / 97 % 40)).25,\"seconds\":1}"
done
)";
  const tests::TemporaryFolder folder;
  const tests::ScratchStore scratch;
  spec::write_file_atomically(folder / "evaluate.sh", kEvaluator);
  std::filesystem::permissions(folder / "evaluate.sh", std::filesystem::perms::owner_all);
  const auto search = [&](const std::string& output, std::vector<std::string> more) {
    std::vector<std::string> arguments{EFFNET_PROGRAM,    "search",
                                       "--space",         "nas-bench-macro",
                                       "--evaluator",     "command:" + (folder / "evaluate.sh").string(),
                                       "--strategy",      "evolution",
                                       "--trials",        "40",
                                       "--target",        "40e6",
                                       "--random-trials", "10",
                                       "--lag",           "6",
                                       "--output",        (folder / output).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const tests::Finished in_file = tests::Program(search("file", {"--workers", "2"})).finish();
  REQUIRE(in_file.code == 0);

  tests::Program study(search("server", {"--workers", "0", "--store", scratch.location()}));
  const std::vector<std::string> worker{EFFNET_PROGRAM,
                                        "worker",
                                        scratch.location(),
                                        "--workers",
                                        "3",
                                        "--idle-exit",
                                        "2",
                                        "--output",
                                        (folder / "logs").string()};
  tests::Program first(worker), second(worker);
  const tests::Finished on_server = study.finish();
  CAPTURE(on_server.err);
  CHECK(on_server.code == 0);
  CHECK(on_server.out == in_file.out);
  CHECK(first.finish().code == 0);
  CHECK(second.finish().code == 0);
}
