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

Objective two_costs(ObjectiveForm form) {
  Objective objective = one_cost(form, 1e6);
  objective.terms.push_back({CostKind::kParams, 1000, default_weight(form), {}});
  return objective;
}

Objective with_above(ObjectiveForm form, double weight, double above) {
  return {form, {{CostKind::kMacs, 1e6, weight, above}}};
}

constexpr Cost kTwice{.params = 7, .macs = 2'000'000}, kHalf{.params = 7, .macs = 500'000};

}  // namespace

// Values worked out by hand from the papers' formulas at accuracy 0.75.
TEST_CASE("rewards of the published forms") {
  CHECK(*reward(one_cost(ObjectiveForm::kSoft, 1e6), .75, kTwice) == Catch::Approx(.7145).margin(5e-5));
  CHECK(*reward(one_cost(ObjectiveForm::kSoft, 1e6), .75, kHalf) == Catch::Approx(.75 * std::pow(.5, -.07)));
  CHECK(*reward(one_cost(ObjectiveForm::kHard, 1e6), .75, kTwice) == Catch::Approx(.375));
  CHECK(*reward(one_cost(ObjectiveForm::kHard, 1e6), .75, kHalf) == Catch::Approx(.75));
  CHECK(*reward(one_cost(ObjectiveForm::kAbsolute, 1e6), .75, kTwice) == Catch::Approx(.65));
  CHECK(*reward(one_cost(ObjectiveForm::kAbsolute, 1e6), .75, kHalf) == Catch::Approx(.70));
  CHECK_FALSE(reward(one_cost(ObjectiveForm::kConstraint, 1e6), .75, kTwice).has_value());
  CHECK(*reward(one_cost(ObjectiveForm::kConstraint, 1e6), .75, kHalf) == .75);
  CHECK(*reward(accuracy_only(), .75, kTwice) == .75);
  CHECK(*reward(one_cost(ObjectiveForm::kPareto, 0), .75, kTwice) == .75);
}

TEST_CASE("the cost may be parameters") {
  const Objective hard = one_cost(ObjectiveForm::kHard, 100, CostKind::kParams);
  CHECK(*reward(hard, .75, {.params = 200, .macs = 1}) == Catch::Approx(.375));
}

// Twice one target and half the other; by hand: .75 * 2^-.07 * .5^-.07 = .75 with equal exponents.
TEST_CASE("several costs: factors multiply, penalties add, constraints all hold") {
  const Cost cost{.params = 500, .macs = 2'000'000}, dear{.params = 3000, .macs = 2'000'000};
  CHECK(*reward(two_costs(ObjectiveForm::kSoft), .75, cost) == Catch::Approx(.75));
  CHECK(*reward(two_costs(ObjectiveForm::kHard), .75, cost) ==
        Catch::Approx(.375));  // the cheap one gives nothing
  CHECK(*reward(two_costs(ObjectiveForm::kHard), .75, dear) == Catch::Approx(.75 / 6));
  CHECK(*reward(two_costs(ObjectiveForm::kAbsolute), .75, cost) == Catch::Approx(.75 - .1 - .05));
  CHECK_FALSE(reward(two_costs(ObjectiveForm::kConstraint), .75, cost).has_value());
  CHECK(*reward(two_costs(ObjectiveForm::kConstraint), .75, {.params = 1000, .macs = 1'000'000}) == .75);
}

// MnasNet's equation 3: another exponent above the target; its "hard" is 0 and -1, and the same as ours.
TEST_CASE("two exponents: one up to the target, another above it") {
  const Objective soft = with_above(ObjectiveForm::kSoft, -.02, -.15);
  CHECK(*reward(soft, .75, kHalf) == Catch::Approx(.75 * std::pow(.5, -.02)));
  CHECK(*reward(soft, .75, kTwice) == Catch::Approx(.75 * std::pow(2, -.15)));
  CHECK(*reward(soft, .75, {.params = 7, .macs = 1'000'000}) == Catch::Approx(.75));
  for (const Cost& cost : {kHalf, kTwice}) {
    CHECK(*reward(with_above(ObjectiveForm::kSoft, 0, -1), .75, cost) ==
          Catch::Approx(*reward(one_cost(ObjectiveForm::kHard, 1e6), .75, cost)));
  }
  const Objective absolute = with_above(ObjectiveForm::kAbsolute, -.02, -.2);
  CHECK(*reward(absolute, .75, kHalf) == Catch::Approx(.74));
  CHECK(*reward(absolute, .75, kTwice) == Catch::Approx(.55));
}

TEST_CASE("with one exponent the target moves no ranking, and the user is told") {
  const Cost small{.params = 1, .macs = 400'000}, large{.params = 1, .macs = 3'000'000};
  for (const double target : {1e5, 1e6, 1e7}) {
    const Objective soft = one_cost(ObjectiveForm::kSoft, target);
    CHECK((*reward(soft, .80, small) < *reward(soft, .93, large)));
    CHECK((*reward(soft, .82, small) > *reward(soft, .93, large)));
  }
  CHECK(
      contains(target_note(one_cost(ObjectiveForm::kSoft, 1e6)), "1e+06 macs cannot change which net wins"));
  CHECK(contains(target_note(two_costs(ObjectiveForm::kSoft)), "1e+06 macs and 1000 params cannot change"));
  for (const ObjectiveForm form :
       {ObjectiveForm::kHard, ObjectiveForm::kAbsolute, ObjectiveForm::kConstraint, ObjectiveForm::kPareto})
    CHECK(target_note(two_costs(form)).empty());
}

TEST_CASE("with two exponents the target does move the winner, and nothing is said") {
  const Cost small{.params = 1, .macs = 400'000}, large{.params = 1, .macs = 3'000'000};
  const auto small_wins = [&](double target) {
    const Objective soft{ObjectiveForm::kSoft, {{CostKind::kMacs, target, 0, -.15}}};
    return *reward(soft, .80, small) > *reward(soft, .93, large);
  };
  CHECK(small_wins(4e5));
  CHECK_FALSE(small_wins(3e6));
  CHECK(target_note(with_above(ObjectiveForm::kSoft, 0, -.15)).empty());
  // Of a mixed objective the note is about the cost that has one exponent.
  Objective mixed = two_costs(ObjectiveForm::kSoft);
  mixed.terms[0].weight_above = -.15;
  CHECK(contains(target_note(mixed), "1000 params cannot change"));
  CHECK_FALSE(contains(target_note(mixed), "macs"));
}

TEST_CASE("constraints become limits of the space") {
  CHECK(limits_of(one_cost(ObjectiveForm::kConstraint, 4e6)).max_macs == 4'000'000);
  const Limits both = limits_of(two_costs(ObjectiveForm::kConstraint));
  CHECK(both.max_macs == 1'000'000);
  CHECK(both.max_params == 1000);
  CHECK(both.max_activations == Limits::kNone);
  CHECK(limits_of(two_costs(ObjectiveForm::kHard)) == Limits{});
  CHECK(limits_of(two_costs(ObjectiveForm::kPareto)) == Limits{});
}

TEST_CASE("objectives that make no sense are refused") {
  CHECK_THROWS_AS(check(one_cost(ObjectiveForm::kHard, 0), "--target"), effnet::spec::Error);
  CHECK_THROWS_AS(check({ObjectiveForm::kHard, {}}, "--cost"), effnet::spec::Error);
  Objective rewarding = one_cost(ObjectiveForm::kHard, 1e6);
  rewarding.terms[0].weight = .07;
  CHECK(contains(error_of([&] { check(rewarding, "--weight"); }).advice(), "-1"));
  CHECK(contains(error_of([] { parse_objective_form("sofft", "--objective"); }).advice(), "soft"));
}
