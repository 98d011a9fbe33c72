// An objective as a user writes it, in flags or in a plan: a form, and lists of costs, targets and weights that belong
// together by position. A weight is "-0.07", or "-0.02:-0.15" for two: up to the target and above it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "search/objective.h"

namespace effnet::search {

struct ObjectiveWords {
  std::string form = "hard";
  std::vector<std::string> costs{"macs"};
  std::vector<double> targets;       // one a cost; none for pareto
  std::vector<std::string> weights;  // one a cost, or none: the form's default for each
};

// Where each was written, for errors.
struct ObjectivePlaces {
  std::string form = "--objective", cost = "--cost", target = "--target", weight = "--weight";
};

// Checked. kUsage for unknown words, for as many targets or weights as there are not costs, and as check().
Objective objective_of(const ObjectiveWords& words, const ObjectivePlaces& places = {});

std::string weight_text(const CostTerm& term);  // "-0.07", "-0.02:-0.15"

}  // namespace effnet::search
