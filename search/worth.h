// By what the nets of a search are compared when one is to be named: the objective's reward, or with `pareto`, which has
// none, the height over the front of both arms' trials (search/knee.h).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/study.h"

namespace effnet::search {

// Of an accuracy (fraction) at a cost; empty where a constraint is broken.
using Worth = std::function<std::optional<double>(double accuracy, const spec::Cost& cost)>;

Worth worth_of(const Objective& objective, const std::vector<TrialResult>& search,
               const std::vector<TrialResult>& random);

}  // namespace effnet::search
