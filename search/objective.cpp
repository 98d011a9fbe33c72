#include "search/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

constexpr std::size_t kMostFrontCosts =
    2;  // hypervolume of three or more costs would cost more than it tells

struct Form {
  ObjectiveForm form;
  std::string_view name;
  double weight;
};

constexpr std::array<Form, 5> kForms{{{ObjectiveForm::kSoft, "soft", -0.07},
                                      {ObjectiveForm::kHard, "hard", -1},
                                      {ObjectiveForm::kAbsolute, "absolute", -0.1},
                                      {ObjectiveForm::kConstraint, "constraint", 0},
                                      {ObjectiveForm::kPareto, "pareto", 0}}};

const Form& entry_of(ObjectiveForm form) {
  return *std::find_if(kForms.begin(), kForms.end(), [&](const Form& entry) { return entry.form == form; });
}

double ratio_of(const CostTerm& term, const spec::Cost& cost) {
  return static_cast<double>(spec::cost_of(cost, term.cost)) / term.target;
}

double weight_at(const CostTerm& term, double ratio) {
  return ratio > 1 ? term.weight_above.value_or(term.weight) : term.weight;
}

[[noreturn]] void fail(std::string_view where, std::string_view message, std::string_view advice) {
  throw spec::Error(spec::ErrorKind::kUsage, where, message, advice);
}

void check_weight(ObjectiveForm form, double weight, std::string_view where) {
  if (weight <= 0 && std::isfinite(weight)) return;
  fail(where, fmt::format("the weight is {}, which would reward cost", weight),
       fmt::format("weights are 0 or below; the default of '{}' is {}", to_text(form), default_weight(form)));
}

void check_term(ObjectiveForm form, const CostTerm& term, std::string_view where) {
  if (form == ObjectiveForm::kPareto) return;
  if (!(term.target > 0) || !std::isfinite(term.target)) {
    fail(where,
         fmt::format("the target of {} is {}; a number above 0 is expected", spec::to_text(term.cost),
                     term.target),
         "for example --target 4e6 with --cost macs");
  }
  check_weight(form, term.weight, where);
  if (!term.weight_above) return;
  check_weight(form, *term.weight_above, where);
  if (form == ObjectiveForm::kHard) {
    fail(where,
         fmt::format("'hard' has one weight, above the target; two are given for {}",
                     spec::to_text(term.cost)),
         fmt::format("'hard' with {0} is 'soft' with 0:{0}", *term.weight_above));
  }
  if (form == ObjectiveForm::kConstraint)
    fail(where, "a constraint has no weights", "leave --weight away, or use soft or absolute");
}

}  // namespace

std::string_view to_text(ObjectiveForm form) {
  return entry_of(form).name;
}

ObjectiveForm parse_objective_form(std::string_view text, std::string_view where) {
  std::vector<std::string> known;
  for (const Form& entry : kForms) {
    if (entry.name == text) return entry.form;
    known.emplace_back(entry.name);
  }
  throw spec::Error(spec::ErrorKind::kUsage, where, fmt::format("unknown objective '{}'", text),
                    spec::did_you_mean(text, known));
}

double default_weight(ObjectiveForm form) {
  return entry_of(form).weight;
}

Objective one_cost(ObjectiveForm form, double target, spec::CostKind cost) {
  return {form, {{cost, target, default_weight(form), {}}}};
}

Objective accuracy_only() {
  return one_cost(ObjectiveForm::kConstraint, 9e18);
}

std::vector<spec::CostKind> costs_of(const Objective& objective) {
  std::vector<spec::CostKind> costs;
  for (const CostTerm& term : objective.terms) costs.push_back(term.cost);
  return costs;
}

void check(const Objective& objective, std::string_view where) {
  if (objective.terms.empty()) fail(where, "an objective needs a cost", "for example --cost macs");
  std::vector<spec::CostKind> seen;
  for (const CostTerm& term : objective.terms) {
    if (std::find(seen.begin(), seen.end(), term.cost) != seen.end())
      fail(where, fmt::format("the cost {} is named twice", spec::to_text(term.cost)), "name each cost once");
    seen.push_back(term.cost);
    check_term(objective.form, term, where);
  }
  if (objective.form == ObjectiveForm::kPareto && seen.size() > kMostFrontCosts)
    fail(where, "a front is searched against one cost or two", "for example --cost macs,params");
}

std::optional<double> reward(const Objective& objective, double accuracy, const spec::Cost& cost) {
  double reward = accuracy;
  for (const CostTerm& term : objective.terms) {
    const double ratio = ratio_of(term, cost);
    switch (objective.form) {
      case ObjectiveForm::kSoft:
        reward *= std::pow(ratio, weight_at(term, ratio));
        break;
      case ObjectiveForm::kHard:
        reward *= std::min(std::pow(ratio, term.weight), 1.0);
        break;
      case ObjectiveForm::kAbsolute:
        reward += weight_at(term, ratio) * std::abs(ratio - 1);
        break;
      case ObjectiveForm::kConstraint:
        if (ratio > 1) return std::nullopt;
        break;
      case ObjectiveForm::kPareto:
        break;
    }
  }
  return reward;
}

bool target_matters(ObjectiveForm form, const CostTerm& term) {
  if (form == ObjectiveForm::kSoft) return term.weight_above.has_value();
  return form != ObjectiveForm::kPareto;
}

std::string target_note(const Objective& objective) {
  if (objective.form != ObjectiveForm::kSoft) return {};
  std::string targets, weights;
  int count = 0;
  for (const CostTerm& term : objective.terms) {
    if (target_matters(objective.form, term)) continue;
    targets += fmt::format("{}{:g} {}", count > 0 ? " and " : "", term.target, spec::to_text(term.cost));
    weights += fmt::format("{}{:g}", count > 0 ? ", " : "", term.weight);
    ++count;
  }
  if (count == 0) return {};
  return fmt::format(
      "with the one exponent of 'soft' the target only multiplies every reward by the same number: {} "
      "cannot change which net wins, only the weight{} ({}) can; to aim at the target use hard, absolute or "
      "constraint, or two exponents (--weight BELOW:ABOVE)",
      targets, count > 1 ? "s" : "", weights);
}

Limits limits_of(const Objective& objective) {
  Limits limits;
  if (objective.form != ObjectiveForm::kConstraint) return limits;
  for (const CostTerm& term : objective.terms) {
    limits.most(term.cost) = static_cast<std::int64_t>(std::min(term.target, 9e18));
  }
  return limits;
}

}  // namespace effnet::search
