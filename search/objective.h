// What a search maximises: accuracy against one cost or several. With accuracy a (fraction) and, for each cost i, its
// value C_i, target T_i and weight w_i:
//
//   soft        a * prod (C_i/T_i)^w_i          MnasNet eq. 2, arXiv 1807.11626; w = -0.07. Two exponents: w_i is one
//                                               up to the target and another above it (its eq. 3). Two costs:
//                                               EfficientNetV2's A * S^w * P^v, arXiv 2104.00298
//   hard        a * prod min((C_i/T_i)^w_i, 1)  as in TuNAS' code (google-research tunas); w = -1
//   absolute    a + sum w_i * |C_i/T_i - 1|     TuNAS, arXiv 2008.06120; w = -0.1; two slopes likewise
//   constraint  a where all C_i <= T_i, nothing elsewhere
//   pareto      no one reward: the search is after all nets that no other beats in accuracy and every cost
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "search/limits.h"
#include "spec/cost.h"

namespace effnet::search {

enum class ObjectiveForm { kSoft, kHard, kAbsolute, kConstraint, kPareto };
std::string_view to_text(ObjectiveForm form);
ObjectiveForm parse_objective_form(std::string_view text, std::string_view where);  // kUsage

double default_weight(ObjectiveForm form);  // as above; 0 for constraint and pareto

struct CostTerm {
  spec::CostKind cost = spec::CostKind::kMacs;
  double target = 0;   // T, in multiply-adds, parameters, activations or nanoseconds; 0 for pareto
  double weight = -1;  // w; with `weight_above` only up to the target
  std::optional<double> weight_above;  // w above the target, where it is another

  bool operator==(const CostTerm&) const = default;
};

struct Objective {
  ObjectiveForm form = ObjectiveForm::kHard;
  std::vector<CostTerm> terms;  // one or more, each of another cost

  bool operator==(const Objective&) const = default;
};

// Of one cost, with the form's default weight.
Objective one_cost(ObjectiveForm form, double target, spec::CostKind cost = spec::CostKind::kMacs);

// Accuracy alone: for grids and confirmations.
Objective accuracy_only();

std::vector<spec::CostKind> costs_of(const Objective& objective);  // in the order of its terms, never none

// kUsage for no cost or the same one twice, a target that is not above 0, a weight above 0 (it would reward cost), two
// weights where the form has no use for them, and pareto with more than two costs.
void check(const Objective& objective, std::string_view where);

// `accuracy` is a fraction 0..1. Empty where a constraint is broken. Of pareto the accuracy: it is what strategies are
// told, and they know every net's costs.
std::optional<double> reward(const Objective& objective, double accuracy, const spec::Cost& cost);

// Whether another target could make another net win. Not in 'soft' with one exponent: there it multiplies every reward by
// the same number. Not in pareto, which has none.
bool target_matters(ObjectiveForm form, const CostTerm& term);

// What a user should know about the chosen form before paying for a search; "" when there is nothing to say.
std::string target_note(const Objective& objective);

// The limits that keep a search inside its constraints, so that nothing else is trained; none for other forms.
Limits limits_of(const Objective& objective);

}  // namespace effnet::search
