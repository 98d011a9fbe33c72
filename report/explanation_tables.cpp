#include "report/explanation_tables.h"

#include <fmt/format.h>

#include "report/objective_text.h"
#include "spec/recipe_choices.h"

namespace effnet::report {
namespace {

using search::Explanation;

std::string range_text(const search::Interval& interval) {
  return fmt::format("{:+.2f} to {:+.2f}", interval.low, interval.high);
}

std::vector<spec::CostKind> costs(const Explanation& why) {
  return search::costs_of(why.config.objective);
}

// The columns with one a cost after the first `before`.
std::vector<Column> with_costs(std::vector<Column> columns, std::ptrdiff_t before, const Explanation& why) {
  const std::vector<Column> more = cost_columns(costs(why));
  columns.insert(columns.begin() + before, more.begin(), more.end());
  return columns;
}

// A row of such a table.
std::vector<std::string> with_costs(std::vector<std::string> cells, std::ptrdiff_t before,
                                    const spec::Cost& cost, const Explanation& why) {
  const std::vector<std::string> more = cost_cells(cost, costs(why));
  cells.insert(cells.begin() + before, more.begin(), more.end());
  return cells;
}

std::string joined(const std::vector<int>& trials) {
  std::string text;
  for (const int trial : trials) text += fmt::format("{}{}", text.empty() ? "" : ", ", trial);
  return text;
}

}  // namespace

TextTable finalists_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table(with_costs({{"finalist of"},
                              {"trial", right},
                              {"its trial %", right},
                              {"fresh seeds %", right},
                              {"mean %", right},
                              {"reward", right},
                              {"net"}},
                             5, why));
  for (const search::Finalist& finalist : why.finalists) {
    std::string runs;
    for (const double accuracy : finalist.accuracies)
      runs += fmt::format("{}{:.2f}", runs.empty() ? "" : ", ", accuracy);
    const char* arm = finalist.searched && finalist.random ? "both"
                      : finalist.searched                  ? "search"
                                                           : "random arm";
    const std::string mean =
        finalist.accuracies.empty() ? "failed" : fmt::format("{:.2f}", finalist.mean_accuracy);
    table.add_row(
        with_costs({arm, fmt::format("{}", finalist.trial), fmt::format("{:.2f}", finalist.first_accuracy),
                    runs, mean, finalist.reward ? fmt::format("{:.4f}", *finalist.reward) : "-",
                    spec::training_text(finalist.candidate)},
                   5, finalist.candidate.cost, why));
  }
  return table;
}

TextTable effects_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table({{"choice"},
                   {"value", right},
                   {"accuracy, points", right},
                   {"95 % interval", right},
                   {std::string(cost_heading(costs(why).front())) + " x", right}});
  for (const search::DimensionEffect& effect : why.effects) {
    for (const search::ValueEffect& value : effect.values) {
      table.add_row({effect.name, spec::to_text(value.value), fmt::format("{:+.2f}", value.accuracy.mean),
                     range_text(value.accuracy), fmt::format("{:.3f}", value.cost_ratio)});
    }
  }
  return table;
}

TextTable interactions_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table({{"choice"},
                   {"value", right},
                   {"with choice"},
                   {"value", right},
                   {"beyond both alone, points", right},
                   {"95 % interval", right}});
  for (const search::Interaction& pair : why.interactions) {
    table.add_row({pair.first, spec::to_text(pair.first_value), pair.second, spec::to_text(pair.second_value),
                   fmt::format("{:+.2f}", pair.accuracy.mean), range_text(pair.accuracy)});
  }
  return table;
}

TextTable changes_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table(with_costs({{"change of the winner"},
                              {"from", right},
                              {"to", right},
                              {"predicted reward, points", right},
                              {"accuracy", right},
                              {"95 % interval", right},
                              {"seen in trial", right},
                              {"seen %", right}},
                             6, why));
  for (const search::JudgedChange& judged : why.changes) {
    const search::SingleChange& change = judged.change;
    table.add_row(
        with_costs({change.name, spec::to_text(change.from), spec::to_text(change.to),
                    fmt::format("{:+.2f}", judged.reward_gain), fmt::format("{:+.2f}", change.accuracy.mean),
                    range_text(change.accuracy), joined(judged.trials),
                    judged.trials.empty() ? "" : fmt::format("{:.2f}", judged.seen_accuracy)},
                   6, change.net.cost, why));
  }
  return table;
}

TextTable front_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table(with_costs({{"trial", right}, {"top-1 %", right}, {"reward", right}, {"net"}}, 1, why));
  for (const search::TrialResult& trial : why.front) {
    table.add_row(
        with_costs({fmt::format("{}", trial.trial.number), fmt::format("{:.2f}", trial.outcome.accuracy),
                    trial.reward ? fmt::format("{:.4f}", *trial.reward) : "-",
                    spec::training_text(trial.trial.candidate)},
                   1, trial.trial.candidate.cost, why));
  }
  return table;
}

}  // namespace effnet::report
