#include "search/objective.h"

#include <cmath>

#include "tests/search/errors.h"
#include "tests/support/catch.h"

using namespace effnet::search;
using effnet::spec::Cost;
using effnet::spec::CostKind;
using effnet::tests::contains;
using effnet::tests::error_of;

namespace {

Objective objective(ObjectiveForm form, double target = 1e6) {
  return {.form = form, .cost = CostKind::kMacs, .target = target, .weight = default_weight(form)};
}

}  // namespace

// Values worked out by hand from the papers' formulas at accuracy 0.75.
TEST_CASE("rewards of the published forms") {
  const Cost twice{.params = 7, .macs = 2'000'000}, half{.params = 7, .macs = 500'000};
  CHECK(*reward(objective(ObjectiveForm::kSoft), .75, twice) == Catch::Approx(.7145).margin(5e-5));
  CHECK(*reward(objective(ObjectiveForm::kSoft), .75, half) == Catch::Approx(.75 * std::pow(.5, -.07)));
  CHECK(*reward(objective(ObjectiveForm::kHard), .75, twice) == Catch::Approx(.375));
  CHECK(*reward(objective(ObjectiveForm::kHard), .75, half) == Catch::Approx(.75));
  CHECK(*reward(objective(ObjectiveForm::kAbsolute), .75, twice) == Catch::Approx(.65));
  CHECK(*reward(objective(ObjectiveForm::kAbsolute), .75, half) == Catch::Approx(.70));
  CHECK_FALSE(reward(objective(ObjectiveForm::kConstraint), .75, twice).has_value());
  CHECK(*reward(objective(ObjectiveForm::kConstraint), .75, half) == .75);
  CHECK(*reward(accuracy_only(), .75, twice) == .75);
}

TEST_CASE("the cost may be parameters") {
  Objective hard = objective(ObjectiveForm::kHard, 100);
  hard.cost = CostKind::kParams;
  CHECK(*reward(hard, .75, {.params = 200, .macs = 1}) == Catch::Approx(.375));
}

TEST_CASE("with one exponent the target moves no ranking, and the user is told") {
  const Cost small{.params = 1, .macs = 400'000}, large{.params = 1, .macs = 3'000'000};
  for (const double target : {1e5, 1e6, 1e7}) {
    const Objective soft = objective(ObjectiveForm::kSoft, target);
    CHECK((*reward(soft, .80, small) < *reward(soft, .93, large)));
    CHECK((*reward(soft, .82, small) > *reward(soft, .93, large)));
  }
  CHECK(contains(target_note(objective(ObjectiveForm::kSoft)), "cannot change which net wins"));
  CHECK(target_note(objective(ObjectiveForm::kHard)).empty());
}

TEST_CASE("a constraint becomes limits of the space") {
  CHECK(limits_of(objective(ObjectiveForm::kConstraint, 4e6)).max_macs == 4'000'000);
  CHECK(limits_of(objective(ObjectiveForm::kHard, 4e6)) == Limits{});
}

TEST_CASE("objectives that make no sense are refused") {
  CHECK_THROWS_AS(check(objective(ObjectiveForm::kHard, 0), "--target"), effnet::spec::Error);
  Objective rewarding = objective(ObjectiveForm::kHard);
  rewarding.weight = .07;
  CHECK(contains(error_of([&] { check(rewarding, "--weight"); }).advice(), "-1"));
  CHECK(contains(error_of([] { parse_objective_form("sofft", "--objective"); }).advice(), "soft"));
}
