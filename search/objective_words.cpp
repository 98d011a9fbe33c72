#include "search/objective_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "spec/error.h"

namespace effnet::search {
namespace {

using spec::Error;
using spec::ErrorKind;

double parse_number(std::string_view text, std::string_view whole, std::string_view where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    throw Error(ErrorKind::kUsage, where, fmt::format("'{}' is no weight", whole),
                "for example -0.07, or -0.02:-0.15 for one up to the target and another above it");
  }
  return value;
}

void read_weight(std::string_view text, CostTerm& term, std::string_view where) {
  const std::size_t colon = text.find(':');
  term.weight = parse_number(text.substr(0, colon), text, where);
  if (colon == std::string_view::npos) return;
  const double above = parse_number(text.substr(colon + 1), text, where);
  if (above != term.weight) term.weight_above = above;
}

void check_count(std::size_t given, std::string_view what, const ObjectiveWords& words,
                 std::string_view where) {
  if (given == words.costs.size()) return;
  throw Error(
      ErrorKind::kUsage, where,
      fmt::format("{} {}{} for {} cost{} ({})", given, what, given == 1 ? "" : "s", words.costs.size(),
                  words.costs.size() == 1 ? "" : "s", fmt::join(words.costs, ", ")),
      fmt::format("one {} a cost is expected, in the same order", what));
}

void refuse(std::string_view what, std::string_view advice, std::string_view where) {
  throw Error(ErrorKind::kUsage, where, fmt::format("'pareto' has no {}: it is after the whole front", what),
              advice);
}

}  // namespace

Objective objective_of(const ObjectiveWords& words, const ObjectivePlaces& places) {
  Objective objective{parse_objective_form(words.form, places.form), {}};
  const bool front = objective.form == ObjectiveForm::kPareto;
  if (front && !words.targets.empty())
    refuse("target", "use constraint for a limit, or leave it away", places.target);
  if (front && !words.weights.empty())
    refuse("weight", "use soft to weigh costs, or leave it away", places.weight);
  if (!front) check_count(words.targets.size(), "target", words, places.target);
  if (!words.weights.empty()) check_count(words.weights.size(), "weight", words, places.weight);
  for (std::size_t i = 0; i < words.costs.size(); ++i) {
    CostTerm term{.cost = spec::parse_cost_kind(words.costs[i], places.cost),
                  .weight = default_weight(objective.form),
                  .weight_above = {}};
    if (!front) term.target = words.targets[i];
    if (!words.weights.empty()) read_weight(words.weights[i], term, places.weight);
    if (!front && !(term.target > 0)) check({objective.form, {term}}, places.target);
    check({objective.form, {term}}, places.weight);
    objective.terms.push_back(term);
  }
  check(objective, places.cost);
  return objective;
}

std::string weight_text(const CostTerm& term) {
  return term.weight_above ? fmt::format("{}:{}", term.weight, *term.weight_above)
                           : fmt::format("{}", term.weight);
}

}  // namespace effnet::search
