#include "search/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "search/pareto_front.h"
#include "search/standing_nets.h"
#include "search/worth.h"
#include "spec/error.h"
#include "spec/recipe_choices.h"

namespace effnet::search {
namespace {

constexpr int kBeliefs = 60;  // points of time
constexpr std::size_t kInteractions = 6;

// Trained and scored: what was taken over from an equal net says nothing new.
bool was_run(const TrialResult& result) {
  return result.outcome.scored() && !result.same_as;
}

std::vector<AccuracyModel::Observation> observations(const BaselineTrials& trials) {
  std::vector<AccuracyModel::Observation> all;
  for (const auto* study : {&trials.search, &trials.random, &trials.finalists}) {
    for (const TrialResult& result : *study) {
      if (was_run(result)) all.push_back({result.trial.candidate.choices, result.outcome.accuracy});
    }
  }
  return all;
}

RunNoise run_noise(const std::vector<Finalist>& finalists, const Worth& worth, double model_noise) {
  RunNoise noise;
  double squares = 0;
  for (const Finalist& finalist : finalists) {
    std::vector<double> rewards;
    for (const double accuracy : finalist.accuracies) {
      if (const auto value = worth(accuracy / 100, finalist.candidate.cost)) rewards.push_back(100 * *value);
    }
    if (rewards.size() < 2) continue;
    double mean = 0;
    for (const double value : rewards) mean += value / static_cast<double>(rewards.size());
    for (const double value : rewards) squares += (value - mean) * (value - mean);
    noise.runs += static_cast<int>(rewards.size());
    ++noise.nets;
  }
  noise.points = noise.runs > noise.nets ? std::sqrt(squares / (noise.runs - noise.nets)) : model_noise;
  return noise;
}

std::optional<Margin> margin_of(const Finalist& winner, const std::vector<Finalist>& finalists,
                                const RunNoise& noise) {
  for (const Finalist& other : finalists) {
    if (!other.reward || spec::same_training(other.candidate, winner.candidate)) continue;
    const auto runs = [](const Finalist& finalist) {
      return static_cast<double>(finalist.accuracies.size());
    };
    return Margin{other, 100 * (*winner.reward - *other.reward),
                  noise.points * std::sqrt(1 / runs(winner) + 1 / runs(other))};
  }
  return std::nullopt;
}

// The first trial's score stands for the net as long as it has not been trained again.
Finalist standing_of(const spec::Choices& net, const std::vector<TrialResult>& search) {
  Finalist finalist;
  finalist.searched = true;
  for (const TrialResult& result : search) {
    if (!result.reward || result.trial.candidate.choices != net) continue;
    if (finalist.accuracies.empty()) {
      finalist.candidate = result.trial.candidate;
      finalist.trial = result.trial.number;
      finalist.first_accuracy = result.outcome.accuracy;
    }
    if (!result.same_as) finalist.accuracies.push_back(result.outcome.accuracy);
  }
  for (const double accuracy : finalist.accuracies)
    finalist.mean_accuracy += accuracy / static_cast<double>(finalist.accuracies.size());
  return finalist;
}

std::vector<JudgedChange> judged(std::vector<SingleChange> changes, const Finalist& winner,
                                 const std::vector<TrialResult>& search, const Worth& worth) {
  std::vector<JudgedChange> all;
  for (SingleChange& change : changes) {
    JudgedChange judged{std::move(change), 0, {}, 0};
    const double accuracy = winner.mean_accuracy + judged.change.accuracy.mean;
    const auto before = worth(winner.mean_accuracy / 100, winner.candidate.cost),
               after = worth(accuracy / 100, judged.change.net.cost);
    if (!before || !after) continue;
    judged.reward_gain = 100 * (*after - *before);
    double sum = 0;
    for (const TrialResult& result : search) {
      if (!was_run(result) || result.trial.candidate.choices != judged.change.net.choices) continue;
      judged.trials.push_back(result.trial.number);
      sum += result.outcome.accuracy;
    }
    if (!judged.trials.empty()) judged.seen_accuracy = sum / static_cast<double>(judged.trials.size());
    all.push_back(std::move(judged));
  }
  std::stable_sort(all.begin(), all.end(), [](const JudgedChange& a, const JudgedChange& b) {
    return a.reward_gain > b.reward_gain;
  });
  return all;
}

// What the random arm stands for.
std::vector<spec::Choices> best_tried(const Space& space, const Objective& objective,
                                      const std::vector<TrialResult>& random, int count) {
  StandingNets tried(space, objective);
  for (const TrialResult& result : random) {
    if (result.reward) tried.add(result.trial.candidate.choices, *result.reward);
  }
  return tried.best(count);
}

// From what strategies are told to what nets are compared by; they differ with pareto alone.
void set_rewards(std::vector<TrialResult>& trials, const Worth& worth) {
  for (TrialResult& trial : trials) {
    if (trial.reward) trial.reward = worth(trial.outcome.accuracy / 100, trial.trial.candidate.cost);
  }
}

std::vector<double> rewards_of(const std::vector<TrialResult>& results) {
  std::vector<double> rewards;
  for (const TrialResult& result : results) {
    if (result.reward) rewards.push_back(*result.reward);
  }
  return rewards;
}

// 1 - (share of the rewards below `best`)^n.
double share_of_luckier(const std::vector<double>& rewards, double best, std::size_t trials) {
  const auto below =
      std::count_if(rewards.begin(), rewards.end(), [&](double value) { return value < best; });
  return 1 - std::pow(static_cast<double>(below) / static_cast<double>(rewards.size()),
                      static_cast<double>(trials));
}

LastPoint last_point(const std::vector<TrialResult>& search) {
  constexpr double kPoint = 0.01;
  const double end = *best_of(search)->reward;
  // Trainings count by the pictures they saw; where no evaluator says how many, all alike.
  const bool pictures = std::any_of(search.begin(), search.end(),
                                    [](const TrialResult& result) { return result.outcome.pictures > 0; });
  double all = 0, until = 0;
  std::optional<int> reached;
  for (const TrialResult& result : search) {
    const double cost = pictures ? static_cast<double>(result.outcome.pictures) : 1;
    all += cost;
    if (!reached) until += cost;
    if (!reached && result.reward && *result.reward >= end - kPoint) reached = result.trial.number;
  }
  return {*reached, all > 0 ? 1 - until / all : 0};
}

}  // namespace

Explanation explain(const Space& space, const StudyConfig& config, BaselineTrials trials,
                    const std::function<void(double)>& progress) {
  if (!best_of(trials.search)) {
    throw spec::Error(
        spec::ErrorKind::kUsage, fmt::format("study '{}'", config.name),
        fmt::format("none of its {} trials has a reward yet", trials.search.size()),
        "let the search go on; why a child failed is in the logs beside its store (child-0.log, ...)");
  }
  Explanation result;
  result.config = config;
  result.dimensions = space.dimensions();
  result.replay = replay(space, config, trials.search, kBeliefs, trials.finalists_an_arm, progress);
  std::vector<spec::Choices> drawn =
      best_tried(space, config.objective, trials.random, trials.finalists_an_arm);
  const Worth worth = worth_of(config.objective, trials.search, trials.random);
  set_rewards(trials.search, worth);
  set_rewards(trials.random, worth);
  result.finalists = finalists_of({trials.search, result.replay.recommended},
                                  {trials.random, std::move(drawn)}, trials.finalists, config.objective);
  const auto winner =
      std::find_if(result.finalists.begin(), result.finalists.end(),
                   [](const Finalist& finalist) { return finalist.searched && finalist.reward; });
  if (winner != result.finalists.end()) {
    result.winner = *winner;
  } else {
    const bool gap = result.replay.recommended.empty();  // the first trial is missing
    const spec::Choices net =
        gap ? best_of(trials.search)->trial.candidate.choices : result.replay.recommended.front();
    result.winner = standing_of(net, trials.search);
    result.winner.reward = worth(result.winner.mean_accuracy / 100, result.winner.candidate.cost);
  }

  const std::vector<AccuracyModel::Observation> runs = observations(trials);
  const AccuracyModel model = AccuracyModel::fitted_to(space, runs);
  result.model_runs = static_cast<int>(runs.size());
  result.effects = main_effects(model, config.objective.terms.front().cost);
  result.interactions = interactions(model, kInteractions);
  result.changes =
      judged(single_changes(model, result.winner.candidate.choices), result.winner, trials.search, worth);
  result.noise = run_noise(result.finalists, worth, model.noise_deviation());
  result.margin = margin_of(result.winner, result.finalists, result.noise);

  if (const std::vector<double> random = rewards_of(trials.random); !random.empty()) {
    result.band = luck_band(random, static_cast<int>(trials.search.size()));
    result.share_of_luckier = share_of_luckier(random, *best_of(trials.search)->reward, trials.search.size());
  }
  result.last_point = last_point(trials.search);
  std::vector<TrialResult> both = trials.search;
  both.insert(both.end(), trials.random.begin(), trials.random.end());
  result.front = pareto_front(both, costs_of(config.objective));
  result.search = std::move(trials.search);
  result.random = std::move(trials.random);
  return result;
}

}  // namespace effnet::search
