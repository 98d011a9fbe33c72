#include "report/objective_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>

#include "report/number_text.h"
#include "search/objective_words.h"

namespace effnet::report {

std::string objective_text(const search::Objective& objective) {
  using search::ObjectiveForm;
  if (objective == search::accuracy_only()) return "accuracy alone";
  const std::string_view form = search::to_text(objective.form);
  std::vector<std::string> terms;
  for (const search::CostTerm& term : objective.terms) {
    const std::string_view cost = spec::to_text(term.cost);
    if (objective.form == ObjectiveForm::kPareto) {
      terms.emplace_back(cost);
      continue;
    }
    std::string text = fmt::format("target {}", short_count(term.target));
    if (objective.form != ObjectiveForm::kConstraint)
      text += fmt::format(", weight {}", search::weight_text(term));
    terms.push_back(objective.terms.size() == 1 ? fmt::format("{}, {}", cost, text)
                                                : fmt::format("{} ({})", cost, text));
  }
  if (objective.form == ObjectiveForm::kPareto)
    return fmt::format("{}: accuracy against {}", form, fmt::join(terms, " and "));
  return fmt::format("{} in {}", form, fmt::join(terms, " and "));
}

std::string_view cost_heading(spec::CostKind cost) {
  return cost == spec::CostKind::kMacs      ? "MACs"
         : cost == spec::CostKind::kLatency ? "ns"
                                            : spec::to_text(cost);
}

std::string_view cost_words(spec::CostKind cost) {
  return cost == spec::CostKind::kMacs          ? "multiply-adds"
         : cost == spec::CostKind::kParams      ? "parameters"
         : cost == spec::CostKind::kActivations ? "activations"
                                                : "nanoseconds";
}

std::string cost_title(spec::CostKind cost) {
  std::string title(cost_words(cost));
  title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
  return title;
}

std::vector<Column> cost_columns(const std::vector<spec::CostKind>& costs) {
  std::vector<Column> columns;
  for (const spec::CostKind cost : costs) columns.push_back({std::string(cost_heading(cost)), Align::kRight});
  return columns;
}

std::vector<std::string> cost_cells(const spec::Cost& cost, const std::vector<spec::CostKind>& costs) {
  std::vector<std::string> cells;
  for (const spec::CostKind kind : costs)
    cells.push_back(short_count(static_cast<double>(spec::cost_of(cost, kind))));
  return cells;
}

}  // namespace effnet::report
