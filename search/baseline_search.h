// The search for a baseline, whole: the chosen strategy, beside it a random arm with its own seeds and as many trials
// of the same length, then the few best of both retrained with fresh seeds before one is named. Luck of the draw is
// thereby not taken for a win, on either side. With the objective pareto the result is the front of both arms; the nets
// that are retrained, and the one that is named, are those nearest to its knee.
//
//   study "search"     the strategy's trials
//   study "random"     the random arm's
//   study "finalists"  the best of both, each trained again `finalist_seeds` times
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "search/auto_strategy.h"
#include "search/found_front.h"
#include "search/space.h"
#include "search/study.h"

namespace effnet::search {

struct BaselineSearchConfig {
  StrategyChoice strategy{"evolution", ""};
  Objective objective;
  std::uint64_t seed = 0;
  int trials = 0;
  int random_trials = 0;  // 0: no random arm
  int finalists = 2;      // an arm
  int finalist_seeds = 2;
  spec::Budget budget;                      // of every child, finalists too
  EarlyStop early_stop = EarlyStop::kNone;  // of both arms
  int lag = 2;
  std::string details_json = "{}";  // space, data, recipe: what must be the same to go on

  int finalist_trials_at_most() const { return finalists * finalist_seeds * (random_trials > 0 ? 2 : 1); }
};

struct Finalist {
  spec::Candidate candidate;
  bool searched = false, random = false;  // which arms recommend it
  int trial = 0;                          // in the first arm that did
  double first_accuracy = 0;              // percent, in that trial
  std::vector<double> accuracies;         // percent, retrained with fresh seeds; empty when all failed
  double mean_accuracy = 0;
  std::optional<double> reward;  // of the mean accuracy; with pareto its worth (search/worth.h)
};

struct BaselineSearchResult {
  std::vector<TrialResult> search, random, finalist_trials;
  std::vector<Finalist> finalists;  // the highest reward first
  Finalist best;                    // the searched finalist with the highest reward
  std::optional<Finalist> random_best;
  StrategyChoice strategy;          // of the search
  std::optional<FoundFront> front;  // with the objective pareto
};

struct SearchArm {
  std::vector<TrialResult> trials;
  std::vector<spec::Choices> recommended;  // the nets that it brings to the end, the best first
};

// The retrained nets, the highest reward first.
std::vector<Finalist> finalists_of(const SearchArm& search, const SearchArm& random,
                                   const std::vector<TrialResult>& finalist_trials,
                                   const Objective& objective);

// What a run needs from outside; `observer_of` is asked once for each of the three studies.
struct BaselineSearchRun {
  int workers = 1;
  EvaluatorFactory make_evaluator;
  std::function<StudyObserver*(std::string_view study)> observer_of;
  const std::atomic<bool>* stop = nullptr;
  double claim_life = 30;  // seconds; see WorkerSettings
};

// Errors as Study::run; kFailed with the trials' reasons when no child could be scored.
BaselineSearchResult run_baseline_search(const BaselineSearchConfig& config, const Space& space,
                                         store::TrialStore& store, const BaselineSearchRun& run);

}  // namespace effnet::search
