// The nets that no other is better than in one respect without being worse in the other: accuracy against cost.
#pragma once

#include <vector>

#include "search/study.h"

namespace effnet::search {

// Of the scored trials, the cheapest first: each has a higher accuracy than all that cost no more. The earlier trial of
// equals.
std::vector<TrialResult> pareto_front(std::vector<TrialResult> results, spec::CostKind cost);

}  // namespace effnet::search
