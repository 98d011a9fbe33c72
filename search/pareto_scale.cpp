#include "search/pareto_scale.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace effnet::search {
namespace {

constexpr double kBeyond = 0.1;  // of the range: where the reference point lies

double count_of(const spec::Cost& cost, spec::CostKind kind) {
  return static_cast<double>(spec::cost_of(cost, kind));
}

double chance_of(const spec::ArchSpec& net) {
  return net.classes > 1 ? 1.0 / net.classes : 0;
}

}  // namespace

ParetoScale ParetoScale::of(const Space& space, std::span<const spec::CostKind> costs) {
  ParetoScale scale{.costs = {}, .chance = chance_of(space.skeleton())};
  for (const spec::CostKind kind : costs) {
    const auto least = static_cast<double>(space.limits().least(kind));
    const auto most = static_cast<double>(space.limits().most(kind));
    scale.costs.push_back({kind,
                           std::max(count_of(space.extreme(kind, Extreme::kCheapest).cost, kind), least),
                           std::min(count_of(space.extreme(kind, Extreme::kLargest).cost, kind), most)});
  }
  return scale;
}

ParetoScale ParetoScale::of(const std::vector<TrialResult>& trials, std::span<const spec::CostKind> costs) {
  assert(!trials.empty());
  ParetoScale scale{.costs = {}, .chance = chance_of(trials.front().trial.candidate.arch)};
  for (const spec::CostKind kind : costs) {
    CostRange range{kind, 1e300, 0};
    for (const TrialResult& trial : trials) {
      const double cost = count_of(trial.trial.candidate.cost, kind);
      range.lowest = std::min(range.lowest, cost);
      range.highest = std::max(range.highest, cost);
    }
    scale.costs.push_back(range);
  }
  return scale;
}

double ParetoScale::reference_cost(std::size_t cost) const {
  const auto& [kind, lowest, highest] = costs[cost];
  return highest * std::pow(highest / lowest, kBeyond);
}

Gains ParetoScale::gains(double accuracy, const spec::Cost& cost) const {
  Gains gains;
  for (const auto& [kind, lowest, highest] : costs) {
    // Where all cost the same, nothing can be gained or lost.
    const double left =
        highest > lowest ? std::log(highest / count_of(cost, kind)) / std::log(highest / lowest) : 1;
    gains.push_back((left + kBeyond) / (1 + kBeyond));
  }
  gains.push_back((accuracy - chance) / (1 - chance));
  return gains;
}

double hypervolume(const std::vector<TrialResult>& trials, const ParetoScale& scale) {
  std::vector<Gains> points;
  for (const TrialResult& trial : trials) {
    if (trial.outcome.scored())
      points.push_back(scale.gains(trial.outcome.accuracy / 100, trial.trial.candidate.cost));
  }
  return hypervolume(std::move(points));
}

}  // namespace effnet::search
