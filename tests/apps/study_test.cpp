// effnet study and effnet space, as a user meets them.
#include <nlohmann/json.hpp>

#include "spec/atomic_file.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"
#include "tests/support/known_space.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using Json = nlohmann::json;

namespace {

constexpr const char* kEvaluator = R"(#!/bin/sh
while read -r line; do
  trial=${line#*\"trial\":}; trial=${trial%%,*}
  if [ "$trial" = 2 ]; then printf '%s\n' '{"trial":2,"error":"diverged","message":"loss is, well, \"nan\""}'
  else echo "{\"trial\":$trial,\"accuracy\":7$trial.5}"; fi
done
)";

}  // namespace

TEST_CASE("studies are listed, shown and exported; a file is not overwritten") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "known.toml", tests::kKnownSpace);
  spec::write_file_atomically(folder / "evaluate.sh", kEvaluator);
  std::filesystem::permissions(folder / "evaluate.sh", std::filesystem::perms::owner_all);
  const std::string run = (folder / "run").string();
  const tests::Finished search =
      tests::effnet({"search", "--space", (folder / "known.toml").string(), "--evaluator",
                     "command:" + (folder / "evaluate.sh").string(), "--strategy", "random", "--trials", "6",
                     "--random-trials", "0", "--target", "1e9", "--output", run});
  CAPTURE(search.err);
  REQUIRE(search.code == 0);

  const tests::Finished list = tests::effnet({"study", "ls", run});
  CHECK(list.code == 0);
  CHECK(list.out.find("search") != std::string::npos);
  CHECK(list.out.find("finalists") != std::string::npos);
  const Json listed = Json::parse(tests::effnet({"study", "ls", run, "--json"}).out);
  CHECK(listed["studies"][0]["scored"] == 5);
  CHECK(listed["studies"][0]["failed"] == 1);
  CHECK(listed["studies"][0]["best"]["accuracy"] == 75.5);

  const tests::Finished show = tests::effnet({"study", "show", run, "search", "--best", "2"});
  CHECK(show.code == 0);
  CHECK(show.out.find("6 finished, 5 scored") != std::string::npos);
  CHECK(show.out.find("1 diverged") != std::string::npos);
  CHECK(show.out.find("evaluator       command:") != std::string::npos);
  CHECK(show.out.find("75.50") < show.out.find("74.50"));
  CHECK(show.out.find("72.50") == std::string::npos);

  const std::string file = (folder / "trials.csv").string();
  CHECK(tests::effnet({"study", "export", run, "search", "--output", file}).code == 0);
  const std::string csv = spec::read_file(file);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  CHECK(csv.find(R"("loss is, well, ""nan""")") != std::string::npos);
  CHECK(csv.find("stage1.kernel") != std::string::npos);
  tests::check_one_message(tests::effnet({"study", "export", run, "--output", file}), 2, "is there already");
  CHECK(spec::read_file(file) == csv);
  const std::string journal = tests::effnet({"study", "export", run, "search", "--format", "optuna"}).out;
  CHECK(Json::parse(journal.substr(0, journal.find('\n')))["study_name"] == "search");

  tests::check_one_message(tests::effnet({"study", "show", run, "serch"}), 2, "did you mean 'search'?");
  tests::check_one_message(tests::effnet({"study", "ls", file}), 3, "trials.csv");
}

TEST_CASE("a space is described: size, costs, choices, a sample that its seed repeats") {
  const tests::Finished text = tests::effnet({"space", "fashion-small"});
  CHECK(text.code == 0);
  CHECK(text.out.find("143,327,232 members") != std::string::npos);
  const auto sample = [](const char* seed) {
    return Json::parse(
        tests::effnet({"space", "mnasnet", "--sample", "3", "--seed", seed, "--json"}).out)["sample"];
  };
  CHECK(sample("1").size() == 3);
  CHECK(sample("1") == sample("1"));
  CHECK(sample("1") != sample("2"));
  tests::check_one_message(tests::effnet({"space", "mnasnett"}), 2, "mnasnet");
}
