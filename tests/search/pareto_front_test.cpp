#include "search/pareto_front.h"

#include <algorithm>
#include <set>

#include "search/knee.h"
#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

const std::vector kMacs{spec::CostKind::kMacs};
const std::vector kBoth{spec::CostKind::kMacs, spec::CostKind::kParams};

TrialResult trial(int number, std::int64_t macs, double accuracy, std::int64_t params = 1) {
  TrialResult result;
  result.trial.number = number;
  result.trial.candidate.cost.macs = macs;
  result.trial.candidate.cost.params = params;
  result.outcome.accuracy = accuracy;
  return result;
}

// The definition: somebody is at least as good in all and better in one.
bool beats(const TrialResult& b, const TrialResult& a, const std::vector<spec::CostKind>& costs) {
  bool better = b.outcome.accuracy > a.outcome.accuracy;
  if (b.outcome.accuracy < a.outcome.accuracy) return false;
  for (const spec::CostKind kind : costs) {
    const auto of_a = spec::cost_of(a.trial.candidate.cost, kind),
               of_b = spec::cost_of(b.trial.candidate.cost, kind);
    if (of_b > of_a) return false;
    better = better || of_b < of_a;
  }
  return better;
}

using Place = std::tuple<std::int64_t, std::int64_t, double>;
Place place_of(const TrialResult& result, bool with_params) {
  const spec::Cost& cost = result.trial.candidate.cost;
  return {cost.macs, with_params ? cost.params : 0, result.outcome.accuracy};
}

}  // namespace

TEST_CASE("the front holds exactly the trials that no other beats, against one cost and against two") {
  for (const std::vector<spec::CostKind>& costs : {kMacs, kBoth}) {
    spec::RandomStream random(4);
    std::vector<TrialResult> trials;
    for (int i = 0; i < 200; ++i)
      trials.push_back(trial(i, 100 + static_cast<std::int64_t>(random.below(60)),
                             50.0 + static_cast<double>(random.below(60)),
                             10 + static_cast<std::int64_t>(random.below(20))));
    const bool params = costs.size() == 2;
    std::set<Place> expected, seen;
    for (const TrialResult& a : trials) {
      const bool beaten =
          std::any_of(trials.begin(), trials.end(), [&](const TrialResult& b) { return beats(b, a, costs); });
      if (!beaten) expected.insert(place_of(a, params));
    }
    for (const TrialResult& result : pareto_front(trials, costs))
      CHECK(seen.insert(place_of(result, params)).second);
    CHECK(seen == expected);
  }
}

TEST_CASE("of equal trials the earlier one stands on the front, and a failed one never") {
  TrialResult failed = trial(0, 1, 99);
  failed.outcome.kind = spec::OutcomeKind::kDiverged;
  const std::vector<TrialResult> front =
      pareto_front({failed, trial(1, 10, 60), trial(2, 10, 60), trial(3, 20, 60)}, kMacs);
  REQUIRE(front.size() == 1);
  CHECK(front[0].trial.number == 1);
}

// From 1 M at 60 % to 16 M at 80 %: in the middle of the logarithms, at 4 M, the straight line has 70 %. A net with 76 %
// there lies 6 of 20 points above it.
TEST_CASE("the knee is the net that lies furthest above the line between the front's ends") {
  const std::vector<Tradeoff> nets{{60, {.macs = 1'000'000}},
                                   {80, {.macs = 16'000'000}},
                                   {76, {.macs = 4'000'000}},
                                   {78, {.macs = 8'000'000}},
                                   {75, {.macs = 5'000'000}}};  // beaten
  const Knee knee(nets, kMacs);
  CHECK(knee.height(76, {.macs = 4'000'000}) == Catch::Approx(.3));
  CHECK(knee.height(60, {.macs = 1'000'000}) == Catch::Approx(0).margin(1e-12));
  CHECK(knee.height(80, {.macs = 16'000'000}) == Catch::Approx(0).margin(1e-12));
  CHECK(nearest_the_knee(nets, kMacs, 2) == std::vector<std::size_t>{2, 3});
  CHECK(nearest_the_knee(nets, kMacs, 9).size() == 4);
  CHECK(nearest_the_knee({}, kMacs, 2).empty());
  CHECK(nearest_the_knee(std::vector{nets[4]}, kMacs, 2) == std::vector<std::size_t>{0});
}
