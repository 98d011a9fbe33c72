#include "search/explanation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace effnet::search {
namespace {

// Mean and variance as values come (Welford).
struct Statistics {
  int count = 0;
  double mean = 0, squares = 0;

  void add(double value) {
    const double distance = value - mean;
    mean += distance / ++count;
    squares += distance * (value - mean);
  }
  double variance() const { return count > 1 ? squares / (count - 1) : 0; }
};

DimensionEffect effect_of(const std::string& name, const std::vector<TrialResult>& scored) {
  std::set<spec::ChoiceValue> values;
  for (const TrialResult& result : scored) {
    const auto found = result.trial.candidate.choices.find(name);
    if (found != result.trial.candidate.choices.end()) values.insert(found->second);
  }
  DimensionEffect effect{name, {}, 0};
  double lowest = 0, highest = 0;
  for (const spec::ChoiceValue& value : values) {
    Statistics with, without;
    for (const TrialResult& result : scored) {
      const auto found = result.trial.candidate.choices.find(name);
      const bool has_value = found != result.trial.candidate.choices.end() && found->second == value;
      (has_value ? with : without).add(*result.reward);
    }
    ValueEffect& row = effect.values.emplace_back();
    row.value = value;
    row.with = with.count;
    row.without = without.count;
    row.mean_with = with.mean;
    row.mean_without = without.mean;
    if (without.count > 0) row.effect = with.mean - without.mean;
    if (with.count > 1 && without.count > 1) {
      row.standard_error = std::sqrt(with.variance() / with.count + without.variance() / without.count);
    }
    const bool first = effect.values.size() == 1;
    lowest = first ? with.mean : std::min(lowest, with.mean);
    highest = first ? with.mean : std::max(highest, with.mean);
  }
  effect.spread = highest - lowest;
  return effect;
}

std::vector<TrialResult> best_nets(std::vector<TrialResult> scored, int count) {
  std::stable_sort(scored.begin(), scored.end(),
                   [](const TrialResult& a, const TrialResult& b) { return *a.reward > *b.reward; });
  std::set<std::string> seen;
  std::vector<TrialResult> best;
  for (TrialResult& result : scored) {
    if (static_cast<int>(best.size()) == count) break;
    if (seen.insert(spec::to_text(result.trial.candidate.arch)).second) best.push_back(std::move(result));
  }
  return best;
}

}  // namespace

Explanation explain(const std::vector<TrialResult>& results, int best) {
  Explanation explanation;
  std::vector<TrialResult> scored;
  std::set<std::string> names;
  Statistics rewards;
  for (const TrialResult& result : results) {
    if (result.same_as) ++explanation.taken_over;
    if (!result.reward) {
      ++explanation.failed;
      continue;
    }
    scored.push_back(result);
    rewards.add(*result.reward);
    for (const auto& [name, value] : result.trial.candidate.choices) names.insert(name);
  }
  explanation.scored = rewards.count;
  explanation.mean_reward = rewards.mean;
  explanation.standard_deviation = std::sqrt(rewards.variance());
  for (const std::string& name : names) explanation.effects.push_back(effect_of(name, scored));
  std::stable_sort(explanation.effects.begin(), explanation.effects.end(),
                   [](const DimensionEffect& a, const DimensionEffect& b) { return a.spread > b.spread; });
  explanation.best = best_nets(std::move(scored), best);
  return explanation;
}

}  // namespace effnet::search
