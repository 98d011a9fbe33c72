#include "search/pareto_front.h"

#include <algorithm>
#include <set>

#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

TrialResult trial(int number, std::int64_t macs, double accuracy) {
  TrialResult result;
  result.trial.number = number;
  result.trial.candidate.cost.macs = macs;
  result.outcome.accuracy = accuracy;
  return result;
}

}  // namespace

// Oracle: nobody is at least as good in both and better in one.
TEST_CASE("the front holds exactly the trials that no other beats") {
  spec::RandomStream random(4);
  std::vector<TrialResult> trials;
  for (int i = 0; i < 200; ++i)
    trials.push_back(trial(i, 100 + static_cast<std::int64_t>(random.below(60)),
                           50.0 + static_cast<double>(random.below(60))));
  std::set<std::pair<std::int64_t, double>> expected, seen;
  for (const TrialResult& a : trials) {
    const bool beaten = std::any_of(trials.begin(), trials.end(), [&](const TrialResult& b) {
      const auto cost_a = a.trial.candidate.cost.macs, cost_b = b.trial.candidate.cost.macs;
      const double accuracy_a = a.outcome.accuracy, accuracy_b = b.outcome.accuracy;
      return cost_b <= cost_a && accuracy_b >= accuracy_a && (cost_b < cost_a || accuracy_b > accuracy_a);
    });
    if (!beaten) expected.insert({a.trial.candidate.cost.macs, a.outcome.accuracy});
  }
  for (const TrialResult& result : pareto_front(trials, spec::CostKind::kMacs))
    CHECK(seen.insert({result.trial.candidate.cost.macs, result.outcome.accuracy}).second);
  CHECK(seen == expected);
}

TEST_CASE("of equal trials the earlier one stands on the front, and a failed one never") {
  TrialResult failed = trial(0, 1, 99);
  failed.outcome.kind = spec::OutcomeKind::kDiverged;
  const std::vector<TrialResult> front =
      pareto_front({failed, trial(1, 10, 60), trial(2, 10, 60), trial(3, 20, 60)}, spec::CostKind::kMacs);
  REQUIRE(front.size() == 1);
  CHECK(front[0].trial.number == 1);
}
