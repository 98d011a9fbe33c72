#include "search/pareto_front.h"

#include <algorithm>

namespace effnet::search {

std::vector<TrialResult> pareto_front(std::vector<TrialResult> results, spec::CostKind cost) {
  std::erase_if(results, [](const TrialResult& result) { return !result.outcome.scored(); });
  const auto cost_of = [&](const TrialResult& result) {
    return spec::cost_of(result.trial.candidate.cost, cost);
  };
  std::stable_sort(results.begin(), results.end(), [&](const TrialResult& a, const TrialResult& b) {
    return cost_of(a) != cost_of(b) ? cost_of(a) < cost_of(b) : a.outcome.accuracy > b.outcome.accuracy;
  });
  std::vector<TrialResult> front;
  for (TrialResult& result : results) {
    if (front.empty() || result.outcome.accuracy > front.back().outcome.accuracy)
      front.push_back(std::move(result));
  }
  return front;
}

}  // namespace effnet::search
