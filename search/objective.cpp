#include "search/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

struct Form {
  ObjectiveForm form;
  std::string_view name;
  double weight;
};

constexpr std::array<Form, 4> kForms{{{ObjectiveForm::kSoft, "soft", -0.07},
                                      {ObjectiveForm::kHard, "hard", -1},
                                      {ObjectiveForm::kAbsolute, "absolute", -0.1},
                                      {ObjectiveForm::kConstraint, "constraint", 0}}};

const Form& entry_of(ObjectiveForm form) {
  return *std::find_if(kForms.begin(), kForms.end(), [&](const Form& entry) { return entry.form == form; });
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

Objective accuracy_only() {
  return {.form = ObjectiveForm::kConstraint, .cost = spec::CostKind::kMacs, .target = 9e18, .weight = 0};
}

void check(const Objective& objective, std::string_view where) {
  if (!(objective.target > 0) || !std::isfinite(objective.target)) {
    throw spec::Error(spec::ErrorKind::kUsage, where,
                      fmt::format("the target is {}; a number above 0 is expected", objective.target),
                      "for example --target 4e6 with --cost macs");
  }
  if (!(objective.weight <= 0) || !std::isfinite(objective.weight)) {
    throw spec::Error(spec::ErrorKind::kUsage, where,
                      fmt::format("the weight is {}, which would reward cost", objective.weight),
                      fmt::format("weights are 0 or below; the default of '{}' is {}",
                                  to_text(objective.form), default_weight(objective.form)));
  }
}

std::optional<double> reward(const Objective& objective, double accuracy, const spec::Cost& cost) {
  const double ratio = static_cast<double>(spec::cost_of(cost, objective.cost)) / objective.target;
  switch (objective.form) {
    case ObjectiveForm::kSoft:
      return accuracy * std::pow(ratio, objective.weight);
    case ObjectiveForm::kHard:
      return accuracy * std::min(std::pow(ratio, objective.weight), 1.0);
    case ObjectiveForm::kAbsolute:
      return accuracy + objective.weight * std::abs(ratio - 1);
    case ObjectiveForm::kConstraint:
      break;
  }
  return ratio <= 1 ? std::optional(accuracy) : std::nullopt;
}

std::string target_note(const Objective& objective) {
  if (objective.form != ObjectiveForm::kSoft) return {};
  return fmt::format(
      "with the one exponent of 'soft' the target only multiplies every reward by the same number: {:g} {} "
      "cannot change which net wins, only the weight ({:g}) can; to aim at the target use hard, absolute or "
      "constraint",
      objective.target, spec::to_text(objective.cost), objective.weight);
}

Limits limits_of(const Objective& objective) {
  Limits limits;
  if (objective.form != ObjectiveForm::kConstraint) return limits;
  const auto most = static_cast<std::int64_t>(std::min(objective.target, 9e18));
  (objective.cost == spec::CostKind::kMacs     ? limits.max_macs
   : objective.cost == spec::CostKind::kParams ? limits.max_params
                                               : limits.max_activations) = most;
  return limits;
}

}  // namespace effnet::search
