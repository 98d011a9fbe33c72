#include "search/baseline_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "search/list.h"
#include "search/strategies.h"
#include "search/worth.h"
#include "spec/error.h"
#include "spec/recipe_choices.h"

namespace effnet::search {
namespace {

StudyConfig study_config(const BaselineSearchConfig& config, std::string name, StrategyChoice strategy,
                         int trials) {
  StudyConfig study;
  study.name = name;
  study.seed = spec::derive_seed(config.seed, name);
  study.trials = trials;
  study.lag = config.lag;
  study.budget = config.budget;
  study.objective = config.objective;
  study.strategy = std::move(strategy.name);
  study.strategy_why = std::move(strategy.why);
  study.details_json = config.details_json;
  return study;
}

StudyRunOptions run_options(const BaselineSearchRun& run, std::string_view study) {
  return {.workers = run.workers,
          .make_evaluator = run.make_evaluator,
          .observer = run.observer_of ? run.observer_of(study) : nullptr,
          .stop = run.stop,
          .claim_life = run.claim_life};
}

// Strategies are told of trials that were stopped early as well; nobody stands for those.
bool was_scored(const std::vector<TrialResult>& trials, const spec::Choices& net) {
  return std::any_of(trials.begin(), trials.end(), [&](const TrialResult& result) {
    return result.outcome.scored() && result.trial.candidate.choices == net;
  });
}

SearchArm run_arm(const BaselineSearchConfig& config, const Space& space, store::TrialStore& store,
                  const BaselineSearchRun& run, std::string name, const StrategyChoice& choice, int trials) {
  const std::unique_ptr<Strategy> strategy = make_strategy(choice.name, space, config.objective);
  StudyConfig settings = study_config(config, name, choice, trials);
  settings.early_stop = config.early_stop;
  if (strategy->asks_again()) settings.identical = IdenticalNets::kTrainAgain;
  Study study(
      settings, [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  SearchArm arm;
  arm.trials = study.run(run_options(run, name));
  arm.recommended = strategy->recommend(config.finalists);
  std::erase_if(arm.recommended, [&](const spec::Choices& net) { return !was_scored(arm.trials, net); });
  return arm;
}

// The nets that the arms stand for, each once.
std::vector<spec::Candidate> nominated(const Space& space, const std::vector<const SearchArm*>& arms) {
  std::vector<spec::Candidate> nets;
  for (const SearchArm* arm : arms) {
    for (const spec::Choices& choices : arm->recommended) {
      spec::Candidate net = space.candidate(choices);
      const bool there = std::any_of(nets.begin(), nets.end(),
                                     [&](const spec::Candidate& other) { return same_training(other, net); });
      if (!there) nets.push_back(std::move(net));
    }
  }
  return nets;
}

// The first trial of a net that the arm recommends; nullptr for another net.
const TrialResult* first_trial(const SearchArm& arm, const spec::Candidate& net) {
  for (const TrialResult& result : arm.trials) {
    const bool recommended = std::find(arm.recommended.begin(), arm.recommended.end(),
                                       result.trial.candidate.choices) != arm.recommended.end();
    if (recommended && result.outcome.scored() && same_training(result.trial.candidate, net)) return &result;
  }
  return nullptr;
}

void score(Finalist& finalist, const std::vector<TrialResult>& trials, const Worth& worth) {
  for (const TrialResult& trial : trials) {
    if (trial.outcome.scored() && same_training(trial.trial.candidate, finalist.candidate))
      finalist.accuracies.push_back(trial.outcome.accuracy);
  }
  if (finalist.accuracies.empty()) return;
  const double sum = std::accumulate(finalist.accuracies.begin(), finalist.accuracies.end(), 0.0);
  finalist.mean_accuracy = sum / static_cast<double>(finalist.accuracies.size());
  finalist.reward = worth(finalist.mean_accuracy / 100, finalist.candidate.cost);
}

std::optional<Finalist> first_of(const std::vector<Finalist>& finalists, bool Finalist::*which) {
  for (const Finalist& finalist : finalists) {
    if (finalist.*which && finalist.reward) return finalist;
  }
  return std::nullopt;
}

[[noreturn]] void fail_without_score(const std::vector<TrialResult>& trials) {
  std::map<std::string, int> reasons;
  for (const TrialResult& trial : trials)
    ++reasons[fmt::format("{}: {}", spec::to_text(trial.outcome.kind), trial.outcome.message)];
  std::string text = "no child could be scored";
  for (const auto& [reason, count] : reasons) text += fmt::format("\n    {} x {}", count, reason);
  throw spec::Error(spec::ErrorKind::kFailed, "search", text,
                    "a lower learning rate, smaller nets or a smaller batch may help");
}

}  // namespace

std::vector<Finalist> finalists_of(const SearchArm& search, const SearchArm& random,
                                   const std::vector<TrialResult>& finalist_trials,
                                   const Objective& objective) {
  const Worth worth = worth_of(objective, search.trials, random.trials);
  std::vector<Finalist> finalists;
  for (const TrialResult& trial : finalist_trials) {
    const spec::Candidate& net = trial.trial.candidate;
    const bool there = std::any_of(finalists.begin(), finalists.end(), [&](const Finalist& finalist) {
      return same_training(finalist.candidate, net);
    });
    if (there) continue;
    const TrialResult *searched = first_trial(search, net), *drawn = first_trial(random, net);
    const TrialResult* first = searched ? searched : drawn;
    if (!first) continue;  // no arm stands for it any more: the arms have gone on since
    Finalist finalist;
    finalist.candidate = net;
    finalist.searched = searched;
    finalist.random = drawn;
    finalist.trial = first->trial.number;
    finalist.first_accuracy = first->outcome.accuracy;
    score(finalist, finalist_trials, worth);
    finalists.push_back(std::move(finalist));
  }
  std::stable_sort(finalists.begin(), finalists.end(), [](const Finalist& a, const Finalist& b) {
    return a.reward.value_or(-1e300) > b.reward.value_or(-1e300);
  });
  return finalists;
}

BaselineSearchResult run_baseline_search(const BaselineSearchConfig& config, const Space& space,
                                         store::TrialStore& store, const BaselineSearchRun& run) {
  BaselineSearchResult result;
  result.strategy = config.strategy;
  SearchArm search = run_arm(config, space, store, run, "search", config.strategy, config.trials), random;
  if (search.recommended.empty()) fail_without_score(search.trials);
  if (config.random_trials > 0)
    random = run_arm(config, space, store, run, "random", {"random", ""}, config.random_trials);
  CandidateList list(repeated(nominated(space, {&search, &random}), config.finalist_seeds));
  StudyConfig finals = study_config(config, "finalists", {"list", ""}, list.size());
  finals.identical = IdenticalNets::kTrainAgain;
  Study study(
      finals, [&](const spec::Choices& choices) { return list.candidate(choices); }, list, store);
  result.finalist_trials = study.run(run_options(run, "finalists"));

  result.finalists = finalists_of(search, random, result.finalist_trials, config.objective);
  if (config.objective.form == ObjectiveForm::kPareto)
    result.front = found_front(space, config.objective, search.trials, random.trials);
  result.search = std::move(search.trials);
  result.random = std::move(random.trials);
  const std::optional<Finalist> best = first_of(result.finalists, &Finalist::searched);
  if (!best) fail_without_score(result.finalist_trials);
  result.best = *best;
  result.random_best = first_of(result.finalists, &Finalist::random);
  return result;
}

}  // namespace effnet::search
