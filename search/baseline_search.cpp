#include "search/baseline_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "search/list.h"
#include "search/strategies.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

StudyConfig study_config(const BaselineSearchConfig& config, std::string name, std::string strategy,
                         int trials) {
  StudyConfig study;
  study.name = name;
  study.seed = spec::derive_seed(config.seed, name);
  study.trials = trials;
  study.lag = config.lag;
  study.budget = config.budget;
  study.objective = config.objective;
  study.strategy = std::move(strategy);
  study.details_json = config.details_json;
  return study;
}

StudyRunOptions run_options(const BaselineSearchRun& run, std::string_view study) {
  return {.workers = run.workers,
          .make_evaluator = run.make_evaluator,
          .observer = run.observer_of ? run.observer_of(study) : nullptr,
          .stop = run.stop};
}

struct Arm {
  std::vector<TrialResult> trials;
  std::vector<spec::Choices> recommended;  // the best first; empty: by reward
};

Arm run_arm(const BaselineSearchConfig& config, const Space& space, store::TrialStore& store,
            const BaselineSearchRun& run, std::string name, std::string strategy_name, int trials) {
  const std::unique_ptr<Strategy> strategy = make_strategy(strategy_name, space, config.objective);
  Study study(
      study_config(config, name, strategy_name, trials),
      [&](const spec::Choices& choices) { return space.candidate(choices); }, *strategy, store);
  Arm arm;
  arm.trials = study.run(run_options(run, name));
  arm.recommended = strategy->recommend(config.finalists);
  return arm;
}

// The trials behind the nets that the arm stands for, each net once.
std::vector<TrialResult> best_of(const Arm& arm, int count) {
  if (arm.recommended.empty()) return explain(arm.trials, count).best;
  std::vector<TrialResult> best;
  for (const spec::Choices& choices : arm.recommended) {
    best.push_back(*std::find_if(arm.trials.begin(), arm.trials.end(), [&](const TrialResult& result) {
      return result.reward && result.trial.candidate.choices == choices;
    }));
  }
  return best;
}

// The arm's best nets, each once, into the list of finalists; a net that both arms found stands there once.
void nominate(const Arm& arm, int count, bool Finalist::*which, std::vector<Finalist>& finalists) {
  for (const TrialResult& result : best_of(arm, count)) {
    const auto same = std::find_if(finalists.begin(), finalists.end(), [&](const Finalist& finalist) {
      return finalist.candidate.arch == result.trial.candidate.arch;
    });
    if (same != finalists.end()) {
      (*same).*which = true;
      continue;
    }
    Finalist finalist;
    finalist.candidate = result.trial.candidate;
    finalist.*which = true;
    finalist.trial = result.trial.number;
    finalist.first_accuracy = result.outcome.accuracy;
    finalists.push_back(std::move(finalist));
  }
}

void score(std::vector<Finalist>& finalists, const std::vector<TrialResult>& trials,
           const Objective& objective) {
  for (Finalist& finalist : finalists) {
    for (const TrialResult& trial : trials) {
      if (trial.outcome.scored() && trial.trial.candidate.arch == finalist.candidate.arch) {
        finalist.accuracies.push_back(trial.outcome.accuracy);
      }
    }
    if (finalist.accuracies.empty()) continue;
    const double sum = std::accumulate(finalist.accuracies.begin(), finalist.accuracies.end(), 0.0);
    finalist.mean_accuracy = sum / static_cast<double>(finalist.accuracies.size());
    finalist.reward = reward(objective, finalist.mean_accuracy / 100, finalist.candidate.cost);
  }
  std::stable_sort(finalists.begin(), finalists.end(), [](const Finalist& a, const Finalist& b) {
    return a.reward.value_or(-1e300) > b.reward.value_or(-1e300);
  });
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

BaselineSearchResult run_baseline_search(const BaselineSearchConfig& config, const Space& space,
                                         store::TrialStore& store, const BaselineSearchRun& run) {
  BaselineSearchResult result;
  Arm search = run_arm(config, space, store, run, "search", config.strategy, config.trials), random;
  if (config.random_trials > 0)
    random = run_arm(config, space, store, run, "random", "random", config.random_trials);

  std::vector<Finalist> finalists;
  nominate(search, config.finalists, &Finalist::searched, finalists);
  if (finalists.empty()) fail_without_score(search.trials);
  nominate(random, config.finalists, &Finalist::random, finalists);
  result.search = std::move(search.trials);
  result.random = std::move(random.trials);

  std::vector<spec::Candidate> candidates;
  for (const Finalist& finalist : finalists) candidates.push_back(finalist.candidate);
  CandidateList list(repeated(candidates, config.finalist_seeds));
  StudyConfig finals = study_config(config, "finalists", "list", list.size());
  finals.identical = IdenticalNets::kTrainAgain;
  Study study(
      finals, [&](const spec::Choices& choices) { return list.candidate(choices); }, list, store);
  result.finalist_trials = study.run(run_options(run, "finalists"));

  score(finalists, result.finalist_trials, config.objective);
  result.finalists = finalists;
  const std::optional<Finalist> best = first_of(finalists, &Finalist::searched);
  if (!best) fail_without_score(result.finalist_trials);
  result.best = *best;
  result.random_best = first_of(finalists, &Finalist::random);
  return result;
}

}  // namespace effnet::search
