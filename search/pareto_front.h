// The nets that no other is better than in one respect without being worse in another: accuracy against one cost or several.
#pragma once

#include <span>
#include <vector>

#include "search/study.h"

namespace effnet::search {

// What a net offers for what it costs.
struct Tradeoff {
  double accuracy = 0;  // in any one unit
  spec::Cost cost;
};

// Positions of those that no other beats: none is at least as good in accuracy and in every one of these costs and
// better in one of them. The cheapest by the first cost first; of equals the one at the front of the list.
std::vector<std::size_t> unbeaten(std::span<const Tradeoff> nets, std::span<const spec::CostKind> costs);

// The same of the scored trials.
std::vector<TrialResult> pareto_front(const std::vector<TrialResult>& results,
                                      std::span<const spec::CostKind> costs);

}  // namespace effnet::search
