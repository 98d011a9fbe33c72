#include "report/front_text.h"

#include <fmt/format.h>

#include "report/number_text.h"
#include "report/objective_text.h"

namespace effnet::report {

TextTable front_rows(const std::vector<FrontRow>& rows, const std::vector<spec::CostKind>& costs) {
  std::vector<Column> columns{{"trial", Align::kRight}, {"of"}};
  for (Column& column : cost_columns(costs)) columns.push_back(std::move(column));
  columns.push_back({"top-1 %", Align::kRight});
  columns.push_back({"net"});
  TextTable table(std::move(columns));
  for (const FrontRow& row : rows) {
    const search::TrialResult& trial = row.trial;
    std::vector<std::string> cells{fmt::format("{}", trial.trial.number), row.arm};
    for (std::string& cell : cost_cells(trial.trial.candidate.cost, costs)) cells.push_back(std::move(cell));
    cells.push_back(fmt::format("{:.2f}", trial.outcome.accuracy));
    cells.push_back(spec::to_text(trial.trial.candidate.arch));
    table.add_row(std::move(cells));
  }
  return table.without_empty_columns();
}

std::string reference_text(const search::ParetoScale& scale) {
  std::string text = fmt::format("accuracy {:.1f} % at", 100 * scale.chance);
  for (std::size_t i = 0; i < scale.costs.size(); ++i)
    text += fmt::format("{} {} {}", i > 0 ? " and" : "", short_count(scale.reference_cost(i)),
                        cost_words(scale.costs[i].cost));
  return text;
}

}  // namespace effnet::report
