#include "apps/effnet/search_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/front_result.h"
#include "report/number_text.h"
#include "report/objective_text.h"
#include "report/text_table.h"
#include "search/builtin_spaces.h"
#include "search/objective_words.h"
#include "search/strategies.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/net_file.h"
#include "spec/recipe_choices.h"

namespace effnet::apps {
namespace {

using search::Finalist;

constexpr std::string_view kSearchPhase = "search", kRandomPhase = "random arm", kFinalistPhase = "finalists";

std::string mean_text(const Finalist& finalist) {
  return finalist.accuracies.empty() ? "failed" : fmt::format("{:.2f}", finalist.mean_accuracy);
}

double pictures_of(const std::vector<search::TrialResult>& trials) {
  double sum = 0;
  for (const search::TrialResult& trial : trials) sum += static_cast<double>(trial.outcome.pictures);
  return sum;
}

nlohmann::ordered_json finalist_json(const Finalist& finalist) {
  nlohmann::ordered_json json;
  json["trial"] = finalist.trial;
  json["arch"] = spec::to_text(finalist.candidate.arch);
  json["choices"] = nlohmann::ordered_json::parse(spec::choices_json(finalist.candidate.choices));
  json["accuracy"] = finalist.mean_accuracy;
  json["macs"] = finalist.candidate.cost.macs;
  json["params"] = finalist.candidate.cost.params;
  json["activations"] = finalist.candidate.cost.activations;
  if (finalist.candidate.cost.latency_ns > 0) json["latency_ns"] = finalist.candidate.cost.latency_ns;
  json["reward"] =
      finalist.reward ? nlohmann::ordered_json(*finalist.reward) : nlohmann::ordered_json(nullptr);
  json["first_accuracy"] = finalist.first_accuracy;
  json["accuracies"] = finalist.accuracies;
  return json;
}

std::string finalists_text(const search::BaselineSearchResult& result, const std::string& worth) {
  const auto right = report::Align::kRight;
  const bool timed = result.best.candidate.cost.latency_ns > 0;
  const std::vector<spec::CostKind> costs(spec::kCostKinds.begin(), spec::kCostKinds.end() - (timed ? 0 : 1));
  std::vector<report::Column> columns{
      {"finalist of"}, {"trial", right}, {"first run %", right}, {"fresh seeds %", right}};
  for (report::Column& column : report::cost_columns(costs)) columns.push_back(std::move(column));
  columns.insert(columns.end(), {{worth, right}, {"net"}});
  report::TextTable table(columns);
  for (const Finalist& f : result.finalists) {
    std::vector<std::string> cells{f.searched && f.random ? "both"
                                   : f.searched           ? "search"
                                                          : "random arm",
                                   fmt::format("{}", f.trial), fmt::format("{:.2f}", f.first_accuracy),
                                   mean_text(f)};
    for (std::string& cell : report::cost_cells(f.candidate.cost, costs)) cells.push_back(std::move(cell));
    cells.push_back(f.reward ? fmt::format("{:.4f}", *f.reward) : "-");
    cells.push_back(spec::training_text(f.candidate));
    table.add_row(std::move(cells));
  }
  return table.to_text();
}

// How the search's best net stands to the random arm's; "" without one.
std::string comparison_text(const search::BaselineSearchResult& result) {
  if (!result.random_best) return {};
  const double lead = *result.best.reward - *result.random_best->reward;
  return fmt::format(
      "\nThe search{} {} the random arm of {}: reward {:.4f} against {:.4f}, accuracy {:.2f} % "
      "against {:.2f} %.\n",
      result.strategy.why.empty()
          ? ""
          : fmt::format(" by {} (since {})", result.strategy.name, result.strategy.why),
      lead > 0   ? "beat"
      : lead < 0 ? "did not beat"
                 : "tied with",
      arms_cost_text(result), *result.best.reward, *result.random_best->reward, result.best.mean_accuracy,
      result.random_best->mean_accuracy);
}

// Of one cost and weight as numbers, as they always were; else lists as --cost, --target and --weight take them.
std::string objective_identity(const search::Objective& objective) {
  nlohmann::ordered_json json{{"objective", search::to_text(objective.form)}};
  const search::CostTerm& first = objective.terms.front();
  const bool front = objective.form == search::ObjectiveForm::kPareto;
  if (objective.terms.size() == 1 && !front && !first.weight_above) {
    json["cost"] = spec::to_text(first.cost);
    json["target"] = first.target;
    json["weight"] = first.weight;
    return json.dump();
  }
  std::vector<std::string> costs, targets, weights;
  for (const search::CostTerm& term : objective.terms) {
    costs.emplace_back(spec::to_text(term.cost));
    targets.push_back(fmt::format("{}", term.target));
    weights.push_back(search::weight_text(term));
  }
  json["cost"] = fmt::format("{}", fmt::join(costs, ","));
  if (front) return json.dump();
  json["target"] = fmt::format("{}", fmt::join(targets, ","));
  json["weight"] = fmt::format("{}", fmt::join(weights, ","));
  return json.dump();
}

}  // namespace

void check(const SearchStep& step, const search::Space& space) {
  search::check_strategy(step.strategy, space, step.config.trials, step.config.objective);
  evaluators_of(step.evaluator, step.children, &space, {});
}

std::string identity_json(const SearchStep& step, const spec::Recipe& recipe) {
  const search::BaselineSearchConfig& c = step.config;
  nlohmann::ordered_json json;
  json["space"] = search::space_text(step.space_name);
  json["strategy"] = step.strategy;
  json.update(nlohmann::ordered_json::parse(objective_identity(c.objective)));
  json["seed"] = c.seed;
  json["random_trials"] = c.random_trials;
  json["finalists"] = c.finalists;
  json["finalist_seeds"] = c.finalist_seeds;
  json["pictures"] = c.budget.pictures;
  json["epochs"] = c.budget.epochs;
  json["lag"] = c.lag;
  if (c.early_stop != search::EarlyStop::kNone) json["early_stop"] = to_text(c.early_stop);
  json["evaluator"] = step.evaluator;
  json.update(nlohmann::ordered_json::parse(children_json(step.children, recipe)));
  return json.dump();
}

void add_search_phases(Progress& progress, const SearchStep& step, double seconds_a_trial) {
  const double each = seconds_a_trial / std::max(step.children.workers, 1);
  progress.add_phase(std::string(kSearchPhase), each * step.config.trials);
  if (step.config.random_trials > 0)
    progress.add_phase(std::string(kRandomPhase), each * step.config.random_trials);
  progress.add_phase(std::string(kFinalistPhase), each * step.config.finalist_trials_at_most());
}

search::BaselineSearchResult run_search_step(const SearchStep& step, const search::Space& space,
                                             const std::filesystem::path& folder, Progress& progress,
                                             const std::atomic<bool>& stop) {
  store::TrialStore store = store::TrialStore::open(step.children.store_in(folder));
  std::deque<StudyProgress> observers;  // one a study; each finishes its phase when the next begins
  const auto observer_of = [&](std::string_view study) -> search::StudyObserver* {
    observers.clear();
    if (study == "search")
      return &observers.emplace_back(progress, std::string(kSearchPhase), step.config.trials);
    if (study == "random")
      return &observers.emplace_back(progress, std::string(kRandomPhase), step.config.random_trials);
    return &observers.emplace_back(progress, std::string(kFinalistPhase),
                                   step.config.finalist_trials_at_most());
  };
  search::BaselineSearchConfig config = step.config;
  config.strategy = search::settle_strategy(step.strategy, space, config.trials, store, "search");
  if (!config.strategy.why.empty())
    print_note(fmt::format("strategy: {}, since {}", config.strategy.name, config.strategy.why));
  const search::BaselineSearchResult result = search::run_baseline_search(
      config, space, store,
      {.workers = step.children.workers,
       .make_evaluator = evaluators_of(step.evaluator, step.children, &space, folder),
       .observer_of = observer_of,
       .stop = &stop,
       .claim_life = step.children.claim_life});
  spec::write_file_atomically(folder / "baseline.toml",
                              spec::net_toml({"baseline", result.best.candidate.arch}));
  if (const spec::Choices& chosen = result.best.candidate.choices; !spec::recipe_choices(chosen).empty()) {
    const spec::Recipe recipe =
        spec::with_choices(spec::read_recipe(step.children.trainer.recipe_file), chosen, "baseline");
    spec::write_file_atomically(folder / "baseline-recipe.toml", spec::recipe_toml(recipe));
  }
  return result;
}

std::string arms_cost_text(const search::BaselineSearchResult& result) {
  if (result.random.size() != result.search.size())
    return fmt::format("{} trials, where the search had {}", result.random.size(), result.search.size());
  const double searched = pictures_of(result.search), drawn = pictures_of(result.random);
  if (searched == drawn) return "equal cost";
  return fmt::format("as many trials ({} pictures, the search saw {})", report::short_count(drawn),
                     report::short_count(searched));
}

std::string search_summary(const search::BaselineSearchResult& result) {
  return result.front ? found_front_text(*result.front) +
                            "\nNets at the knee, trained again; the best is the baseline:\n\n" +
                            finalists_text(result, "height")
                      : finalists_text(result, "reward") + comparison_text(result);
}

std::string search_json(const search::BaselineSearchResult& result) {
  nlohmann::ordered_json json;
  json["schema"] = "effnet.search/1";
  json["finalists"] = nlohmann::ordered_json::array();
  for (const Finalist& finalist : result.finalists) json["finalists"].push_back(finalist_json(finalist));
  if (result.random_best) json["random_best"] = finalist_json(*result.random_best);
  json["best"] = finalist_json(result.best);
  if (result.front) json["front"] = nlohmann::ordered_json::parse(found_front_json(*result.front));
  json["strategy"] = result.strategy.name;
  if (!result.strategy.why.empty()) json["strategy_why"] = result.strategy.why;
  json["trials"] = result.search.size();
  json["random_trials"] = result.random.size();
  return json.dump(2) + "\n";
}

}  // namespace effnet::apps
