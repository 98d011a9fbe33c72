#include "report/explanation_charts.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/belief_chart.h"
#include "report/effects_chart.h"
#include "report/objective_text.h"
#include "report/pareto_chart.h"
#include "report/regret_chart.h"
#include "search/pareto_front.h"
#include "spec/recipe_choices.h"

namespace effnet::report {
namespace {

using search::Explanation;
using search::TrialResult;

double best_reward(const std::vector<TrialResult>& trials, double at_least) {
  const TrialResult* best = search::best_of(trials);
  return best ? std::max(at_least, *best->reward) : at_least;
}

RegretArm lacking(std::string name, const std::vector<TrialResult>& trials, double best_of_all) {
  RegretArm arm{std::move(name), {}};
  std::optional<double> best;
  for (const TrialResult& trial : trials) {
    if (trial.reward) best = best ? std::max(*best, *trial.reward) : *trial.reward;
    arm.points.push_back(best ? std::optional(100 * (best_of_all - *best)) : std::nullopt);
  }
  return arm;
}

std::string trial_text(const TrialResult& trial) {
  return fmt::format("trial {}: {}", trial.trial.number, spec::training_text(trial.trial.candidate));
}

// "stage3.kernel" is kernel in the row of stage3.
std::pair<std::string, std::string> stage_and_key(const std::string& choice) {
  const std::size_t dot = choice.find('.');
  if (dot == std::string::npos) return {"net", choice};
  return {choice.substr(0, dot), choice.substr(dot + 1)};
}

// Of the first cost. The target of "soft" with one exponent moves no winner, and accuracy alone has none.
bool aims_at_target(const search::Objective& objective) {
  return search::target_matters(objective.form, objective.terms.front()) &&
         objective != search::accuracy_only();
}

// The front against one cost: of several, the first is charted, and a net may be on the front for another's sake.
std::vector<TrialResult> front_against(spec::CostKind cost, const Explanation& why) {
  return search::pareto_front(why.front, std::vector{cost});
}

}  // namespace

std::string explained_regret(const Explanation& why) {
  const double best = best_reward(why.random, best_reward(why.search, -1e300));
  std::vector<RegretArm> arms{lacking("search", why.search, best)};
  if (!why.random.empty()) arms.push_back(lacking("random arm", why.random, best));
  std::vector<RegretBand> band;
  for (const search::LuckBand& at : why.band) band.push_back({100 * (best - at.high), 100 * (best - at.low)});
  RegretChart chart;
  chart.notes = {
      "By the rewards of the trials themselves; the best of all is the highest reward of both arms."};
  return regret_chart(arms, band, chart);
}

std::string explained_front(const Explanation& why) {
  const spec::CostKind kind = why.config.objective.terms.front().cost;
  const std::vector<TrialResult> front = front_against(kind, why);
  std::vector<ParetoPoint> points;
  const auto add = [&](const std::vector<TrialResult>& trials, const char* arm) {
    for (const TrialResult& trial : trials) {
      if (!trial.outcome.scored()) continue;
      const spec::Candidate& net = trial.trial.candidate;
      ParetoPoint point{static_cast<double>(spec::cost_of(net.cost, kind)), trial.outcome.accuracy, arm,
                        trial_text(trial)};
      point.on_front = std::any_of(front.begin(), front.end(), [&](const TrialResult& on) {
        return on.trial.candidate.arch == net.arch && on.trial.seed == trial.trial.seed;
      });
      point.winner = net.arch == why.winner.candidate.arch;
      points.push_back(std::move(point));
    }
  };
  add(why.search, "search");
  add(why.random, "random arm");
  ParetoChart chart;
  chart.cost_title = cost_title(kind);
  if (why.config.objective.terms.size() > 1)
    chart.notes = {"Against the first of the objective's costs; the table of the front has all."};
  if (aims_at_target(why.config.objective)) chart.target = why.config.objective.terms.front().target;
  return pareto_chart(points, chart);
}

std::string explained_effects(const Explanation& why) {
  std::vector<EffectRow> rows;
  for (const search::DimensionEffect& effect : why.effects) {
    for (const search::ValueEffect& value : effect.values) {
      rows.push_back({effect.name, spec::to_text(value.value), value.accuracy.mean, value.accuracy.low,
                      value.accuracy.high, fmt::format("{:.3f} times the cost", value.cost_ratio)});
    }
  }
  EffectsChart chart;
  chart.notes = {
      fmt::format("By a model fitted to {} trainings; bars are its 95 % intervals.", why.model_runs)};
  return effects_chart(rows, chart);
}

std::optional<std::string> explained_beliefs(const Explanation& why) {
  const std::vector<search::BeliefAt>& beliefs = why.replay.beliefs;
  if (beliefs.empty()) return std::nullopt;
  using Unit = search::Belief::Unit;
  const Unit unit = beliefs.front().belief.unit;
  BeliefChart chart;
  chart.y_title = unit == Unit::kProbability ? "Probability with which a value is drawn"
                  : unit == Unit::kShare
                      ? "Share of the parents that have a value"
                      : "Points of accuracy above the mean of the choice's values, as its model has it,";
  chart.probability = unit != Unit::kPoints;
  std::vector<int> told;
  for (const search::BeliefAt& at : beliefs) told.push_back(at.told);
  std::vector<BeliefCurve> curves;
  for (std::size_t d = 0; d < why.dimensions.size(); ++d) {
    const auto [stage, key] = stage_and_key(why.dimensions[d].name);
    for (std::size_t v = 0; v < why.dimensions[d].values.size(); ++v) {
      BeliefCurve curve{stage, key, spec::to_text(why.dimensions[d].values[v]), {}};
      for (const search::BeliefAt& at : beliefs) curve.y.push_back(at.belief.values[d][v]);
      curves.push_back(std::move(curve));
    }
  }
  return belief_chart(told, curves, chart);
}

}  // namespace effnet::report
