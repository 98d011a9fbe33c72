#include "search/pareto_front.h"

#include <algorithm>
#include <numeric>

namespace effnet::search {
namespace {

bool at_least_as_good(const Tradeoff& a, const Tradeoff& b, std::span<const spec::CostKind> costs) {
  return a.accuracy >= b.accuracy && std::all_of(costs.begin(), costs.end(), [&](spec::CostKind kind) {
           return spec::cost_of(a.cost, kind) <= spec::cost_of(b.cost, kind);
         });
}

}  // namespace

std::vector<std::size_t> unbeaten(std::span<const Tradeoff> nets, std::span<const spec::CostKind> costs) {
  std::vector<std::size_t> order(nets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Cost after cost, then accuracy: who is beaten is beaten by one that comes before it.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    for (const spec::CostKind kind : costs) {
      const std::int64_t of_a = spec::cost_of(nets[a].cost, kind), of_b = spec::cost_of(nets[b].cost, kind);
      if (of_a != of_b) return of_a < of_b;
    }
    return nets[a].accuracy > nets[b].accuracy;
  });
  std::vector<std::size_t> front;
  for (const std::size_t net : order) {
    const bool beaten = std::any_of(front.rbegin(), front.rend(), [&](std::size_t on) {
      return at_least_as_good(nets[on], nets[net], costs);
    });
    if (!beaten) front.push_back(net);
  }
  return front;
}

std::vector<TrialResult> pareto_front(const std::vector<TrialResult>& results,
                                      std::span<const spec::CostKind> costs) {
  std::vector<const TrialResult*> scored;
  std::vector<Tradeoff> nets;
  for (const TrialResult& result : results) {
    if (!result.outcome.scored()) continue;
    scored.push_back(&result);
    nets.push_back({result.outcome.accuracy, result.trial.candidate.cost});
  }
  std::vector<TrialResult> front;
  for (const std::size_t net : unbeaten(nets, costs)) front.push_back(*scored[net]);
  return front;
}

}  // namespace effnet::search
