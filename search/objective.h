// What a search maximises: accuracy against cost. With accuracy a (fraction), cost C, target T, weight w:
//
//   soft        a * (C/T)^w            MnasNet eq. 2 with one exponent, arXiv 1807.11626; w = -0.07
//   hard        a * min((C/T)^w, 1)    as in TuNAS' code (google-research tunas); w = -1
//   absolute    a + w * |C/T - 1|      TuNAS, arXiv 2008.06120; w = -0.1
//   constraint  a where C <= T, nothing elsewhere
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "search/limits.h"
#include "spec/cost.h"

namespace effnet::search {

enum class ObjectiveForm { kSoft, kHard, kAbsolute, kConstraint };
std::string_view to_text(ObjectiveForm form);
ObjectiveForm parse_objective_form(std::string_view text, std::string_view where);  // kUsage

double default_weight(ObjectiveForm form);  // as above; 0 for constraint

struct Objective {
  ObjectiveForm form = ObjectiveForm::kHard;
  spec::CostKind cost = spec::CostKind::kMacs;
  double target = 0;  // T, in multiply-adds or parameters
  double weight = -1;

  bool operator==(const Objective&) const = default;
};

// Accuracy alone: for grids and confirmations.
Objective accuracy_only();

// kUsage for a target that is not above 0, or a weight above 0 (it would reward cost).
void check(const Objective& objective, std::string_view where);

// `accuracy` is a fraction 0..1. Empty where the constraint is broken.
std::optional<double> reward(const Objective& objective, double accuracy, const spec::Cost& cost);

// What a user should know about the chosen form before paying for a search; "" when there is nothing to say.
std::string target_note(const Objective& objective);

// The limits that keep a search inside its constraint, so that nothing else is trained; none for other forms.
Limits limits_of(const Objective& objective);

}  // namespace effnet::search
