// What a store keeps of a study's settings, and that a store of an earlier version is gone on with.
#include <atomic>

#include "search/builtin_spaces.h"
#include "search/strategies.h"
#include "search/study.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;

namespace {

// As version 0.1.0 wrote it.
constexpr const char* kOldConfig =
    R"({"strategy":"random","lag":1,"budget":{"pictures":100,"epochs":2},)"
    R"("objective":{"form":"hard","cost":"macs","target":40000000.0,"weight":-1.0},)"
    R"("identical_nets":"take over","details":{}})";

StudyConfig config(int trials, Objective objective) {
  return {.name = "search",
          .seed = 5,
          .trials = trials,
          .budget = {.pictures = 100, .epochs = 2},
          .objective = std::move(objective),
          .strategy = "random"};
}

class Counting final : public Evaluator {
 public:
  explicit Counting(std::atomic<int>& asked) : asked_(asked) {}
  spec::Outcome evaluate(const spec::Trial&, Reporter&) override { return {.accuracy = 50.0 + ++asked_}; }

 private:
  std::atomic<int>& asked_;
};

std::vector<TrialResult> run(store::TrialStore& store, const StudyConfig& config, std::atomic<int>& asked) {
  const Space space = builtin_space("nas-bench-macro");
  const auto strategy = make_strategy(config.strategy, space, config.objective);
  Study study(
      config, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  return study.run({.make_evaluator = [&](int) { return std::make_unique<Counting>(asked); }});
}

}  // namespace

TEST_CASE("a study of one cost has the configuration that it had before there were several") {
  CHECK(config_json(config(4, one_cost(ObjectiveForm::kHard, 40e6))) == kOldConfig);
  const StudyConfig read = config_from_record({"search", 5, kOldConfig});
  CHECK(read.objective == one_cost(ObjectiveForm::kHard, 40e6));
  CHECK(config_json(read) == kOldConfig);
}

TEST_CASE("a store that was written before is opened and gone on with") {
  const tests::TemporaryFolder folder;
  std::atomic<int> asked = 0;
  {
    store::TrialStore store = store::TrialStore::open(folder / "trials.db");
    store.open_study({"search", 5, kOldConfig});
    run(store, config(3, one_cost(ObjectiveForm::kHard, 40e6)), asked);
  }
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  CHECK(run(store, config(5, one_cost(ObjectiveForm::kHard, 40e6)), asked).size() == 5);
  CHECK(asked == 5);  // three of them before
  const spec::Error other =
      tests::error_of([&] { run(store, config(5, one_cost(ObjectiveForm::kHard, 50e6)), asked); });
  CHECK(tests::contains(other.what(), "objective.target was"));
}

TEST_CASE("studies of several costs and of a front are gone on with, and not mistaken for each other") {
  Objective two = one_cost(ObjectiveForm::kSoft, 40e6);
  two.terms.push_back({spec::CostKind::kParams, 1e6, -.02, -.15});
  Objective front = one_cost(ObjectiveForm::kPareto, 0);
  for (const Objective& objective : {two, front}) {
    const tests::TemporaryFolder folder;
    std::atomic<int> asked = 0;
    store::TrialStore store = store::TrialStore::open(folder / "trials.db");
    run(store, config(3, objective), asked);
    CHECK(config_from_record(store.study("search")).objective == objective);
    CHECK(run(store, config(6, objective), asked).size() == 6);
    CHECK(asked == 6);
    CHECK_THROWS_AS(run(store, config(6, one_cost(ObjectiveForm::kSoft, 40e6)), asked), spec::Error);
  }
}
