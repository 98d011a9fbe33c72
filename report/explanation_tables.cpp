#include "report/explanation_tables.h"

#include <fmt/format.h>

#include "report/number_text.h"

namespace effnet::report {
namespace {

using search::Explanation;

std::string range_text(const search::Interval& interval) {
  return fmt::format("{:+.2f} to {:+.2f}", interval.low, interval.high);
}

std::string cost_name(const Explanation& why) {
  return why.config.objective.cost == spec::CostKind::kMacs ? "MACs" : "params";
}

std::string cost_text(const spec::Cost& cost, const Explanation& why) {
  return short_count(static_cast<double>(spec::cost_of(cost, why.config.objective.cost)));
}

std::string joined(const std::vector<int>& trials) {
  std::string text;
  for (const int trial : trials) text += fmt::format("{}{}", text.empty() ? "" : ", ", trial);
  return text;
}

}  // namespace

TextTable finalists_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table({{"finalist of"},
                   {"trial", right},
                   {"its trial %", right},
                   {"fresh seeds %", right},
                   {"mean %", right},
                   {cost_name(why), right},
                   {"reward", right},
                   {"net"}});
  for (const search::Finalist& finalist : why.finalists) {
    std::string runs;
    for (const double accuracy : finalist.accuracies)
      runs += fmt::format("{}{:.2f}", runs.empty() ? "" : ", ", accuracy);
    table.add_row({finalist.searched && finalist.random ? "both"
                   : finalist.searched                  ? "search"
                                                        : "random arm",
                   fmt::format("{}", finalist.trial), fmt::format("{:.2f}", finalist.first_accuracy), runs,
                   finalist.accuracies.empty() ? "failed" : fmt::format("{:.2f}", finalist.mean_accuracy),
                   cost_text(finalist.candidate.cost, why),
                   finalist.reward ? fmt::format("{:.4f}", *finalist.reward) : "-",
                   spec::to_text(finalist.candidate.arch)});
  }
  return table;
}

TextTable effects_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table({{"choice"},
                   {"value", right},
                   {"accuracy, points", right},
                   {"95 % interval", right},
                   {cost_name(why) + " x", right}});
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
  TextTable table({{"change of the winner"},
                   {"from", right},
                   {"to", right},
                   {"predicted reward, points", right},
                   {"accuracy", right},
                   {"95 % interval", right},
                   {cost_name(why), right},
                   {"seen in trial", right},
                   {"seen %", right}});
  for (const search::JudgedChange& judged : why.changes) {
    const search::SingleChange& change = judged.change;
    table.add_row({change.name, spec::to_text(change.from), spec::to_text(change.to),
                   fmt::format("{:+.2f}", judged.reward_gain), fmt::format("{:+.2f}", change.accuracy.mean),
                   range_text(change.accuracy), cost_text(change.net.cost, why), joined(judged.trials),
                   judged.trials.empty() ? "" : fmt::format("{:.2f}", judged.seen_accuracy)});
  }
  return table;
}

TextTable front_table(const Explanation& why) {
  const auto right = Align::kRight;
  TextTable table(
      {{"trial", right}, {cost_name(why), right}, {"top-1 %", right}, {"reward", right}, {"net"}});
  for (const search::TrialResult& trial : why.front) {
    table.add_row({fmt::format("{}", trial.trial.number), cost_text(trial.trial.candidate.cost, why),
                   fmt::format("{:.2f}", trial.outcome.accuracy),
                   trial.reward ? fmt::format("{:.4f}", *trial.reward) : "-",
                   spec::to_text(trial.trial.candidate.arch)});
  }
  return table;
}

}  // namespace effnet::report
