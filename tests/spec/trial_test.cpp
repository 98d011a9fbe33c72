#include "spec/trial.h"

#include <set>

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using tests::contains;
using tests::error_of;

TEST_CASE("a trial travels as one line") {
  spec::Trial trial;
  trial.number = 3;
  trial.seed = 18446744073709551615ULL;
  trial.candidate.arch = spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e2_c12_r2 | - | fc10 @1x20 silu", "test");
  trial.candidate.choices = {{"stage1.kernel", 3.0}, {"stage1.op", std::string("mb")}};
  trial.budget = {.pictures = 12000, .epochs = 2};
  const std::string line = spec::trial_json(trial);
  CHECK(!contains(line, "\n"));
  const spec::Trial again = spec::trial_from_json(line, "line");
  CHECK(again.seed == trial.seed);
  CHECK(again.candidate.arch == trial.candidate.arch);
  CHECK(again.candidate.choices == trial.candidate.choices);
  CHECK(again.budget == trial.budget);
}

TEST_CASE("an outcome is a score or a reason") {
  const spec::Outcome scored{.accuracy = 88.5, .loss = 0.4, .pictures = 24000, .seconds = 9.5};
  CHECK(spec::outcome_from_json(spec::outcome_json(3, scored), 3, "child").accuracy == 88.5);
  const spec::Outcome failed{.kind = spec::OutcomeKind::kDiverged,
                             .message = "loss is not finite at step 17"};
  const spec::Outcome again = spec::outcome_from_json(spec::outcome_json(3, failed), 3, "child");
  CHECK(again.kind == spec::OutcomeKind::kDiverged);
  CHECK(again.message == failed.message);
}

TEST_CASE("a trial that may be stopped early says where, and its outcome how far it came") {
  spec::Trial trial;
  trial.candidate.arch = spec::parse_arch("- | mb_k5_s2_e6_c24 | - | fc10 @1x20 silu", "test");
  trial.rungs = {{.epoch = 1, .least = 0}, {.epoch = 3, .least = 71.5}};
  CHECK(spec::trial_from_json(spec::trial_json(trial), "test").rungs == trial.rungs);

  const spec::Outcome stopped{.kind = spec::OutcomeKind::kStoppedEarly, .rungs = {60.25, 70}};
  const spec::Outcome read = spec::outcome_from_json(spec::outcome_json(4, stopped), 4, "test");
  CHECK(read.kind == spec::OutcomeKind::kStoppedEarly);
  CHECK(read.rungs == stopped.rungs);
  CHECK_FALSE(read.scored());
  CHECK_FALSE(read.failed());
  CHECK_THROWS_AS(spec::outcome_from_json(R"({"trial":4,"accuracy":70,"rungs":[101]})", 4, "test"),
                  spec::Error);
}

TEST_CASE("garbage from a child is bad data") {
  for (const char* line : {"", "hello", "{}", "[1,2]", "{\"trial\":3}", "{\"trial\":4,\"accuracy\":50}",
                           "{\"trial\":3,\"accuracy\":101}", "{\"trial\":3,\"accuracy\":null}",
                           "{\"trial\":3,\"accuracy\":\"x\"}", "{\"trial\":3,\"error\":\"bored\"}"}) {
    INFO(line);
    CHECK(error_of([&] { spec::outcome_from_json(line, 3, "child"); }).kind() == spec::ErrorKind::kBadData);
  }
}

TEST_CASE("seeds of different streams and indices differ") {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t index = 0; index < 100; ++index) {
    seeds.insert(spec::derive_seed(1, "init", index));
    seeds.insert(spec::derive_seed(1, "order", index));
    seeds.insert(spec::derive_seed(2, "init", index));
  }
  CHECK(seeds.size() == 300);
}
