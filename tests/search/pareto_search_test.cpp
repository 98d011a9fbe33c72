// Searches after a front: what strategies do with the objective pareto, how fronts are measured, what a search returns.
#include <cmath>

#include "search/baseline_search.h"
#include "search/builtin_spaces.h"
#include "search/explanation.h"
#include "search/regret.h"
#include "search/strategies.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

namespace {

const std::vector kMacs{spec::CostKind::kMacs};

Objective front_against(std::vector<spec::CostKind> costs) {
  Objective objective{ObjectiveForm::kPareto, {}};
  for (const spec::CostKind cost : costs) objective.terms.push_back({.cost = cost, .weight = 0});
  return objective;
}

double lacking(const Landscape& landscape, const char* strategy, int queries, int seeds, int lag = 1) {
  return measure_regret(landscape, {.strategy = strategy, .queries = {queries}, .lag = lag, .seeds = seeds},
                        2)
      .mean[0];
}

// Accuracy that grows with cost, and with 5x5 kernels at no cost of the kind that is counted here.
class KnownEvaluator final : public Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, Reporter&) override {
    const double size = std::log(static_cast<double>(trial.candidate.cost.macs));
    return {.accuracy = 40 + 2 * size + 0.1 * static_cast<double>(trial.candidate.cost.params % 7)};
  }
};

BaselineSearchResult search_front(store::TrialStore& store, const Space& space, const Objective& objective,
                                  int random_trials) {
  return run_baseline_search(
      {.strategy = {"evolution:4", ""},
       .objective = objective,
       .seed = 5,
       .trials = 20,
       .random_trials = random_trials,
       .finalists = 2,
       .finalist_seeds = 2,
       .budget = {.pictures = 100, .epochs = 1}},
      space, store,
      {.make_evaluator = [](int) { return std::make_unique<KnownEvaluator>(); }, .observer_of = {}});
}

}  // namespace

// Of the 6,561 trained nets. docs/objectives.md has the figures of more seeds.
TEST_CASE("strategies that model or breed a front cover more of it than random trials do") {
  const Landscape macro = with_front(nas_bench_macro(), kMacs);
  const double random = lacking(macro, "random", 100, 10), evolution = lacking(macro, "evolution", 100, 10),
               predictor = lacking(macro, "predictor", 50, 4);
  CAPTURE(random, evolution, predictor);
  CHECK(evolution < random);
  CHECK(predictor < evolution);
  CHECK(predictor > 0);  // nothing covers more than the front of all nets
}

TEST_CASE("a front may be against two costs, and trials may be under way") {
  const Landscape macro = with_front(nas_bench_macro(), {spec::CostKind::kMacs, spec::CostKind::kParams});
  const double random = lacking(macro, "random", 40, 4), predictor = lacking(macro, "predictor", 40, 2, 4);
  CAPTURE(random, predictor);
  CHECK(predictor < random);
}

TEST_CASE("a front is only known where all nets are") {
  CHECK(contains(error_of([] {
                   with_front({"wide", builtin_space("b0-small"), accuracy_only(), {}, {}, 0}, kMacs);
                 }).what(),
                 "is not known"));
}

TEST_CASE("strategies that follow one reward are refused with those that can be after a front") {
  const Space space = builtin_space("nas-bench-macro");
  for (const StrategyRow& row : strategies()) {
    CAPTURE(row.name);
    if (row.fronts) {
      CHECK(make_strategy(row.name, space, front_against(kMacs)));
      continue;
    }
    const spec::Error error = error_of([&] { make_strategy(row.name, space, front_against(kMacs)); });
    CHECK(contains(error.advice(), "exhaustive, random, evolution, predictor"));
  }
}

TEST_CASE("after a front, a strategy recommends nets of it, the knee first, and asks for none again") {
  const Space space = builtin_space("nas-bench-macro");
  const auto accuracy_of = [](const spec::Candidate& net) {
    return 0.5 + 0.05 * std::log(static_cast<double>(net.cost.macs) / 60e6);
  };
  for (const char* name : {"random", "evolution:5", "predictor"}) {
    CAPTURE(name);
    const auto strategy = make_strategy(name, space, front_against(kMacs));
    CHECK_FALSE(strategy->asks_again());
    CHECK(strategy->recommend(2).empty());
    for (int n = 0; n < 16; ++n) {
      const spec::Choices net =
          strategy->ask({n, spec::derive_seed(1, "ask", static_cast<std::uint64_t>(n))});
      strategy->tell(n, net, n == 3 ? std::nullopt : std::optional(accuracy_of(space.candidate(net))));
    }
    const std::vector<spec::Choices> best = strategy->recommend(3);
    CHECK(best.size() == 3);
    CHECK(strategy->recommend(1).front() == best.front());
  }
}

// By hand: between 1 M and 4 M with two classes, 2 M is half-way; the reference lies a tenth of the range beyond 4 M.
TEST_CASE("gains run from the reference point to the cheapest net without an error") {
  const ParetoScale scale{{{spec::CostKind::kMacs, 1e6, 4e6}}, .5};
  CHECK(scale.gains(1, {.macs = 1'000'000})[0] == Catch::Approx(1));
  CHECK(scale.gains(1, {.macs = 2'000'000})[0] == Catch::Approx(.6 / 1.1));
  CHECK(scale.gains(.75, {.macs = 4'000'000})[0] == Catch::Approx(.1 / 1.1));
  CHECK(scale.gains(.75, {.macs = 4'000'000})[1] == Catch::Approx(.5));
  CHECK(scale.reference_cost(0) == Catch::Approx(4e6 * std::pow(4, .1)));
}

TEST_CASE("a scale is that of all members, within their limits") {
  const Space space = builtin_space("nas-bench-macro");
  double lowest = 1e300, highest = 0;
  space.for_each([&](const spec::Choices& choices) {
    const auto macs = static_cast<double>(space.candidate(choices).cost.macs);
    lowest = std::min(lowest, macs);
    highest = std::max(highest, macs);
    return true;
  });
  const CostRange range = ParetoScale::of(space, kMacs).costs.front();
  CHECK(range.lowest == lowest);
  CHECK(range.highest == highest);
  Limits limits;
  limits.max_macs = 50'000'000;
  CHECK(ParetoScale::of(space.with_limits(limits), kMacs).costs.front().highest == 50e6);
}

TEST_CASE(
    "a search after a front returns it, compares equal budgets and names the retrained net of the greatest "
    "height") {
  const tests::TemporaryFolder folder;
  const Space space = builtin_space("fashion-small");
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  const BaselineSearchResult result = search_front(store, space, front_against(kMacs), 10);
  REQUIRE(result.front);
  const FoundFront& front = *result.front;
  CHECK(front.hypervolume == hypervolume(result.search, ParetoScale::of(space, kMacs)));
  REQUIRE(front.arms);
  CHECK(front.arms->trials == 10);
  CHECK(front.arms->search <= front.hypervolume);
  CHECK(front.arms->random == hypervolume(result.random, front.scale));
  for (const FoundFront::Net& net : front.nets) {
    const std::vector<TrialResult>& arm = net.searched ? result.search : result.random;
    CHECK(arm[static_cast<std::size_t>(net.trial.trial.number)].trial.seed == net.trial.trial.seed);
  }
  CHECK(result.best.searched);
  for (const Finalist& finalist : result.finalists) {
    if (finalist.searched) CHECK(*finalist.reward <= *result.best.reward);
  }
  CHECK_FALSE(search_front(store, space, front_against(kMacs), 10)
                  .front->nets.empty());  // gone on with: nothing to do

  const StudyConfig config = config_from_record(store.study("search"));
  const Explanation why = explain(space, config, {.search = result.search, .random = result.random});
  CHECK(why.front.size() == front.nets.size());
}

TEST_CASE("other searches have no front of their own in the result") {
  const tests::TemporaryFolder folder;
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  CHECK_FALSE(
      search_front(store, builtin_space("fashion-small"), one_cost(ObjectiveForm::kHard, 2e6), 0).front);
}
