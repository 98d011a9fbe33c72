#include "search/explanation.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

TrialResult result(int number, double kernel, double se, std::optional<double> reward) {
  TrialResult result;
  result.trial.number = number;
  result.trial.candidate.choices = {{"stage1.kernel", kernel}, {"stage1.se", se}};
  result.trial.candidate.arch.stages = {{.kernel = static_cast<int>(kernel), .channels = 8, .se_ratio = se}};
  result.reward = reward;
  if (!reward) result.outcome.kind = spec::OutcomeKind::kDiverged;
  return result;
}

}  // namespace

// 2 x 2 nets, kernel 5 worth .10 and se worth .02: the numbers can be checked by eye.
TEST_CASE("main effects are differences of means, the largest choice first") {
  const std::vector<TrialResult> results{
      result(0, 3, 0, .70),   result(1, 3, .25, .72),          result(2, 5, 0, .80),
      result(3, 5, .25, .82), result(4, 5, .25, std::nullopt), result(5, 5, .25, .82)};
  const Explanation explanation = explain(results, 2);
  CHECK(explanation.scored == 5);
  CHECK(explanation.failed == 1);
  REQUIRE(explanation.effects.size() == 2);
  CHECK(explanation.effects[0].name == "stage1.kernel");
  const ValueEffect& five = explanation.effects[0].values[1];
  CHECK(five.value == spec::ChoiceValue(5.0));
  CHECK(five.with == 3);
  CHECK(five.without == 2);
  CHECK(five.mean_with == Catch::Approx(.8133333333));
  CHECK(five.effect == Catch::Approx(.1033333333));
  CHECK(five.standard_error == Catch::Approx(std::sqrt(.0004 / 3 / 3 + .0002 / 2)));
  REQUIRE(explanation.best.size() == 2);
  CHECK(explanation.best[0].trial.number == 3);  // the earlier of the two equal trials, its net once
  CHECK(explanation.best[1].trial.number == 2);
}

TEST_CASE("nothing scored explains nothing") {
  const Explanation explanation = explain({result(0, 3, 0, std::nullopt)});
  CHECK(explanation.failed == 1);
  CHECK(explanation.effects.empty());
  CHECK(explanation.best.empty());
}
