#include "search/model_effects.h"

#include "search/accuracy_model.h"
#include "tests/search/known_effects.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;
using spec::ChoiceValue;

namespace {

AccuracyModel model_of(const Space& space, int trials, double run_deviation) {
  spec::RandomStream random(7);
  std::vector<AccuracyModel::Observation> runs;
  for (int i = 0; i < trials; ++i) {
    spec::Choices net = space.sample(random);
    const double luck = run_deviation * (random.uniform() + random.uniform() + random.uniform() - 1.5) * 2;
    const double accuracy = tests::known_accuracy(net) + luck;
    runs.push_back({std::move(net), accuracy});
  }
  return AccuracyModel::fitted_to(space, runs);
}

bool covers(const Interval& interval, double truth, double by = 0) {
  return interval.low - by <= truth && truth <= interval.high + by;
}

const ValueEffect& effect_of(const std::vector<DimensionEffect>& effects, const std::string& name,
                             ChoiceValue value) {
  for (const DimensionEffect& effect : effects) {
    for (const ValueEffect& one : effect.values) {
      if (effect.name == name && one.value == value) return one;
    }
  }
  throw std::out_of_range(name);
}

}  // namespace

// Half of the nets have kernel 5 in stage 3, which makes kernel 5 in stage 1 worth 3 + 2 / 2 = 4 points over kernel 3, 2 over
// the mean; likewise stage 3's is worth 1 over kernel 3.
TEST_CASE("main effects are what was built in, the largest choice first, with intervals that hold it") {
  const Space space = tests::known_space();
  const std::vector<DimensionEffect> effects = main_effects(model_of(space, 60, 0.3), spec::CostKind::kMacs);
  REQUIRE(effects.size() == space.dimensions().size());
  CHECK(effects[0].name == "stage1.kernel");
  const auto check = [&](const std::string& name, ChoiceValue value, double truth) {
    const Interval& seen = effect_of(effects, name, value).accuracy;
    CAPTURE(name, seen.low, seen.mean, seen.high);
    CHECK(seen.mean == Catch::Approx(truth).margin(0.35));
    CHECK(covers(seen, truth, 0.1));
    CHECK(seen.high - seen.low < 1.5);
  };
  check("stage1.kernel", 5.0, 2);
  check("stage1.kernel", 3.0, -2);
  check("stage2.se", 0.25, 0.5);
  check("stage3.kernel", 5.0, 0.5);
  check("stage3.repeats", 2.0, 0);
  CHECK_FALSE(effect_of(effects, "stage1.kernel", 5.0).accuracy.spans_zero());
  CHECK(effect_of(effects, "stage3.repeats", 2.0).accuracy.spans_zero());
}

// Fewer trials know less, and a net that was not tried is uncertain.
TEST_CASE("intervals are wider after fewer trials") {
  const Space space = tests::known_space();
  const auto width = [&](int trials) {
    const std::vector<DimensionEffect> effects =
        main_effects(model_of(space, trials, 0.3), spec::CostKind::kMacs);
    const Interval& seen = effect_of(effects, "stage1.kernel", 5.0).accuracy;
    return seen.high - seen.low;
  };
  CHECK(width(12) > 1.5 * width(100));
}

TEST_CASE("what a value does to the cost is counted: other choices stay, the ratio is exact") {
  const Space space = tests::known_space();
  const std::vector<DimensionEffect> by_macs = main_effects(model_of(space, 20, 0), spec::CostKind::kMacs),
                                     by_params =
                                         main_effects(model_of(space, 20, 0), spec::CostKind::kParams);
  // Two values against their geometric mean: inverse to one another.
  const double more = effect_of(by_macs, "stage3.repeats", 2.0).cost_ratio,
               less = effect_of(by_macs, "stage3.repeats", 1.0).cost_ratio;
  CHECK(more > 1);
  CHECK(more * less == Catch::Approx(1));
  CHECK(effect_of(by_params, "stage2.se", 0.25).cost_ratio >
        effect_of(by_macs, "stage2.se", 0.25).cost_ratio);
}

// f(5, 5) - f(5, .) - f(., 5) + f(., .) of the 2 points that both bring: 2 - 1 - 1 + 0.5.
TEST_CASE("the strongest interaction is the one that was built in") {
  const Space space = tests::known_space();
  const std::vector<Interaction> found = interactions(model_of(space, 80, 0.2), 3);
  REQUIRE(found.size() == 3);
  CHECK(found[0].first == "stage1.kernel");
  CHECK(found[0].second == "stage3.kernel");
  const double sign = found[0].first_value == found[0].second_value ? 1 : -1;
  CHECK(sign * found[0].accuracy.mean == Catch::Approx(0.5).margin(0.15));
  CHECK_FALSE(found[0].accuracy.spans_zero());
  CHECK(std::abs(found[1].accuracy.mean) < 0.25);
}

TEST_CASE("single changes are predicted within the limits, each with its net") {
  const Space space = tests::known_space();
  spec::Choices net;
  for (const Dimension& dimension : space.dimensions()) net[dimension.name] = dimension.values.back();
  const AccuracyModel model = model_of(space, 80, 0.2);
  const std::vector<SingleChange> changes = single_changes(model, net);
  REQUIRE(changes.size() == space.dimensions().size());  // two values each: one other
  for (const SingleChange& change : changes) {
    const double truth = tests::known_accuracy(change.net.choices) - tests::known_accuracy(net);
    CAPTURE(change.name, truth, change.accuracy.mean);
    CHECK(change.accuracy.mean == Catch::Approx(truth).margin(0.7));
    CHECK(change.net.choices.at(change.name) == change.to);
    CHECK(net.at(change.name) == change.from);
  }
  const Limits limits{.max_macs = space.candidate(net).cost.macs - 1};
  const Space limited = space.with_limits(limits);
  for (const SingleChange& change : single_changes(model_of(limited, 40, 0.2), net))
    CHECK(limited.within_limits(change.net.cost));
}
