#include "search/early_stop.h"

#include "search/builtin_spaces.h"
#include "search/strategies.h"
#include "search/study.h"
#include "search/study_replay.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using spec::Outcome;
using spec::OutcomeKind;
using spec::Rung;
using Epochs = std::vector<int>;

namespace {

// Learns as a curve of its final accuracy, and obeys its rungs.
class Learning final : public Evaluator {
 public:
  Outcome evaluate(const spec::Trial& trial, Reporter&) override {
    const double accuracy = 50 + static_cast<double>(trial.candidate.cost.macs % 1000) / 25;
    Outcome outcome;
    for (const Rung& rung : trial.rungs) {
      outcome.pictures = trial.budget.pictures * rung.epoch;
      outcome.rungs.push_back(accuracy - 10.0 * (trial.budget.epochs - rung.epoch));
      if (outcome.rungs.back() >= rung.least) continue;
      outcome.kind = OutcomeKind::kStoppedEarly;
      return outcome;
    }
    outcome.accuracy = accuracy;
    outcome.pictures = trial.budget.total_pictures();
    return outcome;
  }
};

StudyConfig study_of(EarlyStop rule) {
  return {.name = "main",
          .seed = 5,
          .trials = 60,
          .lag = 4,
          .budget = {.pictures = 100, .epochs = 4},
          .objective = accuracy_only(),
          .early_stop = rule,
          .strategy = "evolution"};
}

std::vector<TrialResult> run(const std::filesystem::path& file, const StudyConfig& config, int workers) {
  const Space space = builtin_space("nas-bench-macro");
  const auto strategy = make_strategy(config.strategy, space, config.objective);
  store::TrialStore store = store::TrialStore::open(file);
  Study study(
      config, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  return study.run({.workers = workers, .make_evaluator = [](int) { return std::make_unique<Learning>(); }});
}

std::int64_t pictures(const std::vector<TrialResult>& results) {
  std::int64_t sum = 0;
  for (const TrialResult& result : results) sum += result.outcome.pictures;
  return sum;
}

}  // namespace

TEST_CASE("rungs: after every epoch but the last, or at halves of the budget") {
  CHECK(rung_epochs(EarlyStop::kNone, 8) == Epochs{});
  CHECK(rung_epochs(EarlyStop::kMedian, 4) == Epochs{1, 2, 3});
  CHECK(rung_epochs(EarlyStop::kHalving, 8) == Epochs{1, 2, 4});
  CHECK(rung_epochs(EarlyStop::kHalving, 10) == Epochs{1, 2, 5});
  CHECK(rung_epochs(EarlyStop::kMedian, 1) == Epochs{});
  CHECK(parse_early_stop("halving", "test") == EarlyStop::kHalving);
  CHECK_THROWS_AS(parse_early_stop("half", "test"), spec::Error);
}

TEST_CASE("the bar is the median of four trials or more") {
  std::vector<Outcome> known{
      {.rungs = {60}}, {.rungs = {70}}, {.kind = OutcomeKind::kCrashed}, {.rungs = {80}}};
  CHECK(rungs_after(EarlyStop::kMedian, 2, known) == std::vector<Rung>{{1, 0}});
  known.push_back({.rungs = {50}});
  CHECK(rungs_after(EarlyStop::kMedian, 2, known) == std::vector<Rung>{{1, 65}});
}

TEST_CASE("by the median those that were stopped count as less, by halving they do not count later") {
  std::vector<Outcome> known;
  for (const double accuracy : {60, 61, 62, 63, 64})
    known.push_back({.kind = OutcomeKind::kStoppedEarly, .rungs = {accuracy}});
  for (const double accuracy : {70, 71, 72, 73, 74, 75})
    known.push_back({.accuracy = accuracy + 10, .rungs = {accuracy, accuracy + 5}});
  CHECK(rungs_after(EarlyStop::kMedian, 3, known) == std::vector<Rung>{{1, 70}, {2, 75}});
  CHECK(rungs_after(EarlyStop::kHalving, 4, known) == std::vector<Rung>{{1, 70}, {2, 77.5}});
}

TEST_CASE("a stopped trial is expected to gain what others gained from its rung on") {
  const std::vector<Outcome> known{{.accuracy = 80, .rungs = {60, 70}},
                                   {.accuracy = 84, .rungs = {62, 72}},
                                   {.accuracy = 83, .rungs = {58, 74}}};
  CHECK(*expected_accuracy({.kind = OutcomeKind::kStoppedEarly, .rungs = {50}}, known) == 72);
  CHECK(*expected_accuracy({.kind = OutcomeKind::kStoppedEarly, .rungs = {50, 61}}, known) == 71);
  CHECK_FALSE(expected_accuracy({.kind = OutcomeKind::kStoppedEarly, .rungs = {50}}, {}));
}

TEST_CASE("who is stopped depends neither on the number of workers nor on what was finished first") {
  for (const EarlyStop rule : {EarlyStop::kMedian, EarlyStop::kHalving}) {
    const tests::TemporaryFolder scratch;
    const auto alone = run(scratch / "one", study_of(rule), 1);
    const auto together = run(scratch / "four", study_of(rule), 4);
    int stopped = 0;
    for (std::size_t i = 0; i < alone.size(); ++i) {
      CHECK(alone[i].outcome.rungs == together[i].outcome.rungs);
      CHECK(alone[i].outcome.kind == together[i].outcome.kind);
      stopped += alone[i].outcome.kind == OutcomeKind::kStoppedEarly ? 1 : 0;
    }
    CHECK(stopped >= 15);
    CHECK(stopped <= 50);
    CHECK(pictures(alone) <
          0.9 * static_cast<double>(pictures(run(scratch / "all", study_of(EarlyStop::kNone), 1))));
    CHECK(best_of(alone)->outcome.scored());

    const store::TrialStore store = store::TrialStore::open_existing(scratch / "one");
    const StudyConfig stored = config_from_record(store.study("main"));
    CHECK(stored.early_stop == rule);
    const Space space = builtin_space("nas-bench-macro");
    CHECK_NOTHROW(replay(space, stored, read_results(store, stored), 1, 2));
  }
}
