// Objectives as a user writes them, on a table of nets that were trained three times each.
#include <nlohmann/json.hpp>

#include "spec/atomic_file.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using tests::check_one_message;
using tests::contains;
using Json = nlohmann::json;

namespace {

tests::Finished search(const std::filesystem::path& folder, std::vector<std::string> more) {
  more.insert(more.begin(),
              {"search", "--space", "nas-bench-macro", "--evaluator",
               "table:" EFFNET_SOURCE_DIR
               "/search/tables/nas-bench-macro.csv,key=arch,form=digits,accuracy=acc1+acc2+acc3",
               "--trials", "12", "--workers", "1", "--output", (folder / "run").string()});
  return tests::effnet(more);
}

}  // namespace

TEST_CASE("objectives: several costs and two exponents, gone on with, shown and explained") {
  const tests::TemporaryFolder folder;
  const std::vector<std::string> two{"--objective", "soft",     "--cost",   "macs,params",
                                     "--target",    "60e6,1e6", "--weight", "-0.02:-0.15,-0.05"};
  const tests::Finished first = search(folder.path(), two);
  CAPTURE(first.err);
  REQUIRE(first.code == 0);
  CHECK(contains(first.err, "1e+06 params cannot change which net wins"));
  CHECK_FALSE(contains(first.err, "6e+07 macs"));
  const std::vector<std::string> repeated{"--objective", "soft",        "--cost",   "macs",     "--cost",
                                          "params",      "--target",    "60e6",     "--target", "1e6",
                                          "--weight",    "-0.02:-0.15", "--weight", "-0.05"};
  CHECK(search(folder.path(), repeated).out == first.out);
  const std::string run = (folder / "run").string();
  CHECK(
      contains(tests::effnet({"study", "show", run, "search"}).out,
               "soft in macs (target 60.0 M, weight -0.02:-0.15) and params (target 1.00 M, weight -0.05)"));
  const tests::Finished words = tests::effnet({"explain", run});
  CAPTURE(words.err);
  CHECK(words.code == 0);
  CHECK(contains(words.out, "multiply-adds and "));
}

TEST_CASE("objectives: a front, its hypervolume beside the random arm's, and a baseline") {
  const tests::TemporaryFolder folder;
  const tests::Finished found =
      search(folder.path(), {"--objective", "pareto", "--cost", "macs,params", "--json"});
  CAPTURE(found.err);
  REQUIRE(found.code == 0);
  const Json front = Json::parse(found.out)["front"];
  CHECK(front["nets"].size() > 1);
  CHECK(front["equal_trials"]["trials"] == 12);
  CHECK(front["equal_trials"]["search"] == front["hypervolume"]);
  CHECK(front["reference"]["accuracy"] == 10);
  CHECK(
      contains(search(folder.path(), {"--objective", "pareto", "--cost", "macs,params"}).out, "Hypervolume"));
  CHECK(std::filesystem::exists(folder / "run/baseline.toml"));

  const std::string run = (folder / "run").string();
  const Json shown = Json::parse(tests::effnet({"study", "show", run, "search", "--json"}).out)["studies"][0];
  CHECK(shown["front"]["hypervolume"] == front["hypervolume"]);
  CHECK(contains(tests::effnet({"study", "show", run}).out, "pareto: accuracy against macs and params"));
  CHECK(contains(tests::effnet({"explain", run}).out, "front's knee"));
}

TEST_CASE("objectives: what does not fit is told before anything is trained") {
  const tests::TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> flags, const char* word) {
    check_one_message(search(folder.path(), std::move(flags)), 2, word);
    CHECK_FALSE(std::filesystem::exists(folder / "run/trials.db"));
  };
  refused({"--cost", "macs,params"}, "0 targets for 2 costs (macs, params)");
  refused({"--cost", "macs,params", "--target", "1e6"}, "1 target for 2 costs");
  refused({"--cost", "macs,macs", "--target", "1e6,1e6"}, "named twice");
  refused({"--target", "0"}, "target of macs is 0");
  refused({"--weight", "0.5"}, "would reward cost");
  refused({"--weight", "-1:-2"}, "'hard' has one weight");
  refused({"--objective", "pareto", "--target", "1e6"}, "'pareto' has no target");
  refused({"--objective", "pareto", "--strategy", "reinforce"}, "exhaustive, random, evolution, predictor");
  check_one_message(tests::effnet({"bench", "regret", "--front", "macs", "--landscape", "made-up"}), 2,
                    "is not known");
}
