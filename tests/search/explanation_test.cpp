#include "search/explanation.h"

#include <cmath>

#include "search/strategies.h"
#include "spec/error.h"
#include "tests/search/errors.h"
#include "tests/search/known_effects.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

namespace {

// Known accuracies, and luck of up to 0.2 points that comes with the seed.
class KnownEvaluator final : public Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, Reporter&) override {
    const double luck = static_cast<double>(trial.seed % 1000) / 5000;
    return {.accuracy = tests::known_accuracy(trial.candidate.choices) + luck,
            .pictures = trial.budget.total_pictures()};
  }
};

class ExplainedSearch {
 public:
  explicit ExplainedSearch(const std::string& strategy, int trials = 24, int random_trials = 24)
      : config_{.strategy = {strategy, ""},
                .objective = accuracy_only(),
                .seed = 3,
                .trials = trials,
                .random_trials = random_trials,
                .finalists = 2,
                .finalist_seeds = 3,
                .budget = {.pictures = 100, .epochs = 2},
                .lag = 2} {
    result = run_baseline_search(config_, space_, store_,
                                 {.workers = 1,
                                  .make_evaluator = [](int) { return std::make_unique<KnownEvaluator>(); },
                                  .observer_of = {}});
  }

  StudyConfig study() const { return config_from_record(store_.study("search")); }
  Explanation explained(bool finalists = true) const {
    return explain(
        space_, study(),
        {result.search, result.random, finalists ? result.finalist_trials : std::vector<TrialResult>{}, 2});
  }

  BaselineSearchResult result;

 private:
  tests::TemporaryFolder folder_;
  Space space_ = tests::known_space();
  BaselineSearchConfig config_;
  store::TrialStore store_ = store::TrialStore::open(folder_ / "trials.db");
};

}  // namespace

TEST_CASE("an explanation names the search's winner, its margin and the noise, as counted by hand") {
  const ExplainedSearch search("predictor");
  const Explanation why = search.explained();
  CHECK(why.winner.candidate.arch == search.result.best.candidate.arch);
  CHECK(*why.winner.reward == *search.result.best.reward);
  CHECK(why.model_runs > 24);
  CHECK(why.effects[0].name == "stage1.kernel");

  // Pooled variance of the finalists' runs.
  double squares = 0;
  int runs = 0;
  for (const Finalist& finalist : search.result.finalists) {
    for (const double accuracy : finalist.accuracies)
      squares += std::pow(accuracy - finalist.mean_accuracy, 2);
    runs += static_cast<int>(finalist.accuracies.size());
  }
  const int nets = static_cast<int>(search.result.finalists.size());
  CHECK(why.noise.runs == runs);
  CHECK(why.noise.nets == nets);
  CHECK(why.noise.points == Catch::Approx(std::sqrt(squares / (runs - nets))));
  REQUIRE(why.margin);
  CHECK(why.margin->standard_error == Catch::Approx(why.noise.points * std::sqrt(2.0 / 3)));
  CHECK(why.margin->points == Catch::Approx(100 * (*why.winner.reward - *why.margin->runner_up.reward)));
}

TEST_CASE("what single changes were seen to do is told from the trials of those very nets") {
  const ExplainedSearch search("evolution:4", 60);
  const Explanation why = search.explained();
  int seen = 0;
  for (const JudgedChange& change : why.changes) {
    const double truth = tests::known_accuracy(change.change.net.choices) -
                         tests::known_accuracy(why.winner.candidate.choices);
    CAPTURE(change.change.name, truth);
    CHECK(change.reward_gain == Catch::Approx(truth).margin(0.8));  // accuracy alone counts
    for (const int number : change.trials) {
      const TrialResult& trial = search.result.search.at(static_cast<std::size_t>(number));
      CHECK(trial.trial.candidate.choices == change.change.net.choices);
      CHECK(std::abs(change.seen_accuracy - tests::known_accuracy(change.change.net.choices)) <= 0.2);
      ++seen;
    }
  }
  CHECK(seen > 0);
  for (std::size_t i = 1; i < why.changes.size(); ++i)
    CHECK(why.changes[i - 1].reward_gain >= why.changes[i].reward_gain);
}

TEST_CASE("before there are finalists the net that the strategy stands for is explained") {
  const ExplainedSearch search("predictor");
  const Explanation why = search.explained(false);
  CHECK(why.finalists.empty());
  CHECK_FALSE(why.margin);
  CHECK(why.noise.runs == 0);
  CHECK(why.winner.candidate.choices == why.replay.recommended.front());
  CHECK(why.winner.reward);
}

TEST_CASE("the last point's share of the budget is counted from the trials") {
  const ExplainedSearch search("evolution:4", 40);
  const Explanation why = search.explained();
  double best = 0;
  for (const TrialResult& trial : search.result.search) best = std::max(best, trial.reward.value_or(0));
  double before = 0, all = 0;
  int reached = -1;
  for (const TrialResult& trial : search.result.search) {
    all += static_cast<double>(trial.outcome.pictures);
    if (reached < 0) before += static_cast<double>(trial.outcome.pictures);
    if (reached < 0 && trial.reward.value_or(0) >= best - 0.01) reached = trial.trial.number;
  }
  CHECK(why.last_point.trial == reached);
  CHECK(why.last_point.share_after == Catch::Approx(1 - before / all));
}

TEST_CASE("a replay ends with the search's recommendation; beliefs are spread over the trials") {
  for (const char* strategy : {"predictor", "reinforce", "controller", "evolution:4"}) {
    const ExplainedSearch search(strategy, 20, 0);
    const Explanation why = search.explained();
    INFO(strategy);
    CHECK(why.band.empty());
    REQUIRE_FALSE(why.replay.beliefs.empty());
    CHECK(why.replay.beliefs.back().told == 20);
    for (const BeliefAt& belief : why.replay.beliefs) {
      REQUIRE(belief.belief.values.size() == tests::known_space().dimensions().size());
      if (belief.belief.unit != Belief::Unit::kProbability) continue;
      for (const std::vector<double>& row : belief.belief.values) {
        double sum = 0;
        for (const double probability : row) sum += probability;
        CHECK(sum == Catch::Approx(1));
      }
    }
    const bool retrained = std::any_of(search.result.finalists.begin(), search.result.finalists.end(),
                                       [&](const Finalist& finalist) {
                                         return finalist.candidate.choices == why.replay.recommended.front();
                                       });
    CHECK(retrained);
  }
}

// The predictor's belief in points: kernel 5 in stage 1 is worth about 2 over the mean of both.
TEST_CASE("the predictor comes to believe what was built in") {
  const ExplainedSearch search("predictor", 30, 0);
  const Explanation why = search.explained();
  const Belief& last = why.replay.beliefs.back().belief;
  CHECK(last.unit == Belief::Unit::kPoints);
  const std::vector<Dimension> dimensions = tests::known_space().dimensions();
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    if (dimensions[d].name != "stage1.kernel") continue;
    CHECK(last.values[d][1] == Catch::Approx(2).margin(0.7));
  }
}

TEST_CASE("a study of another strategy is not explained as this one's, and one without a score not at all") {
  const ExplainedSearch search("evolution:4", 12, 0);
  StudyConfig other = search.study();
  other.strategy = "random";
  const spec::Error foreign = error_of([&] {
    explain(tests::known_space(), other, {search.result.search, {}, {}, 2});
  });
  CHECK(foreign.kind() == spec::ErrorKind::kBadData);
  CHECK(contains(foreign.what(), "is not what the strategy 'random' asks for"));
  const spec::Error empty = error_of([&] { explain(tests::known_space(), search.study(), {{}, {}, {}, 2}); });
  CHECK(empty.kind() == spec::ErrorKind::kUsage);
  CHECK(contains(empty.what(), "none of its 0 trials has a reward yet"));
}
