#include "search/found_front.h"

#include <algorithm>

namespace effnet::search {
namespace {

std::vector<TrialResult> first(const std::vector<TrialResult>& trials, std::size_t count) {
  return {trials.begin(), trials.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

FoundFront found_front(const Space& space, const Objective& objective, const std::vector<TrialResult>& search,
                       const std::vector<TrialResult>& random) {
  const std::vector<spec::CostKind> costs = costs_of(objective);
  FoundFront found;
  found.scale = ParetoScale::of(space, costs);
  found.hypervolume = hypervolume(search, found.scale);
  std::vector<TrialResult> both = search;
  both.insert(both.end(), random.begin(), random.end());
  for (TrialResult& trial : pareto_front(both, costs)) {
    const bool searched = std::any_of(search.begin(), search.end(), [&](const TrialResult& other) {
      return other.trial.number == trial.trial.number && other.trial.seed == trial.trial.seed;
    });
    found.nets.push_back({std::move(trial), searched});
  }
  if (random.empty()) return found;
  const std::size_t common = std::min(search.size(), random.size());
  found.arms =
      FoundFront::Comparison{static_cast<int>(common), hypervolume(first(search, common), found.scale),
                             hypervolume(first(random, common), found.scale)};
  return found;
}

}  // namespace effnet::search
