#include "search/baseline_search.h"

#include <cmath>
#include <set>

#include "search/builtin_spaces.h"
#include "search/coefficient_fit.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;

namespace {

// Accuracy grows with the logarithm of the cost; luck of up to 2 points comes with the seed.
class LuckyEvaluator final : public search::Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, search::Reporter&) override {
    const double luck = static_cast<double>(trial.seed % 1000) / 500;
    return {.accuracy = 50 + std::log(static_cast<double>(trial.candidate.cost.macs)) + luck,
            .pictures = trial.budget.total_pictures()};
  }
};

class FailingEvaluator final : public search::Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial&, search::Reporter&) override {
    return {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite at step 3"};
  }
};

search::BaselineSearchConfig small_search() {
  return {.strategy = {"evolution:4", ""},
          .objective = search::one_cost(search::ObjectiveForm::kHard, 2e6),
          .seed = 5,
          .trials = 12,
          .random_trials = 12,
          .finalists = 2,
          .finalist_seeds = 3,
          .budget = {.pictures = 100, .epochs = 2}};
}

template <class E>
search::BaselineSearchRun run_with() {
  return {.workers = 2, .make_evaluator = [](int) { return std::make_unique<E>(); }, .observer_of = {}};
}

}  // namespace

TEST_CASE("both arms train equally much, and finalists are trained again with fresh seeds") {
  const tests::TemporaryFolder folder;
  const search::Space space = search::builtin_space("fashion-small");
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  const auto result = search::run_baseline_search(small_search(), space, store, run_with<LuckyEvaluator>());

  CHECK(result.search.size() == 12);
  CHECK(result.random.size() == 12);
  CHECK(result.finalist_trials.size() == result.finalists.size() * 3);
  CHECK(result.best.searched);
  REQUIRE(result.random_best);
  CHECK(result.random_best->random);
  std::set<std::uint64_t> seeds;
  for (const auto* arm : {&result.search, &result.random, &result.finalist_trials}) {
    for (const search::TrialResult& trial : *arm) seeds.insert(trial.trial.seed);
  }
  CHECK(seeds.size() == 24 + result.finalist_trials.size());
  for (const search::Finalist& finalist : result.finalists) {
    REQUIRE(finalist.accuracies.size() == 3);
    CHECK(finalist.mean_accuracy ==
          Catch::Approx((finalist.accuracies[0] + finalist.accuracies[1] + finalist.accuracies[2]) / 3));
    CHECK(*finalist.reward <= *result.finalists.front().reward);
  }
}

TEST_CASE("a search none of whose children could be scored says why") {
  const tests::TemporaryFolder folder;
  const search::Space space = search::builtin_space("fashion-small");
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  const spec::Error error = tests::error_of(
      [&] { search::run_baseline_search(small_search(), space, store, run_with<FailingEvaluator>()); });
  CHECK(error.kind() == spec::ErrorKind::kFailed);
  CHECK(tests::contains(error.what(), "12 x diverged: loss is not finite at step 3"));
}

TEST_CASE("a fit trains nets of equal cost and its file makes the same choice again") {
  const tests::TemporaryFolder folder;
  const search::Space space = search::builtin_space("fashion-small");
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  spec::RandomStream random(3);
  search::CoefficientFitConfig config;
  config.baseline = {"baseline", space.candidate(space.sample(random)).arch};
  config.max_nets = 3;
  config.seeds = 2;
  config.budget = {.pictures = 100, .epochs = 1};
  config.holdout_pictures = 1000;
  const auto fit = search::run_coefficient_fit(config, store, {.workers = 2, .make_evaluator = [](int) {
                                                                 return std::make_unique<LuckyEvaluator>();
                                                               }});

  REQUIRE(fit.file.nets.size() >= 2);
  CHECK(fit.trials.size() == fit.file.nets.size() * 2);
  double cheapest = 1e300, dearest = 0;
  for (const scaling::TrainedNet& net : fit.file.nets) {
    CHECK(net.accuracies.size() == 2);
    cheapest = std::min(cheapest, net.net.cost_ratio);
    dearest = std::max(dearest, net.net.cost_ratio);
  }
  CHECK(dearest <= 1.05 * cheapest);
  const auto again = scaling::parse_coefficients(scaling::coefficients_toml(fit.file), "coefficients.toml");
  CHECK(scaling::choose(again.nets, again.holdout_pictures).winner == fit.choice.winner);
}
