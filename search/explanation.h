// Why a net won, as numbers: what a model of the trials says that choices do, how sure the win is, what luck alone would
// have brought, where the budget went, and how the strategy learnt. Everything comes from the trials of the studies
// "search", "random" and "finalists" (search/baseline_search.h), and can be checked against them. Points are 0.01 of reward
// or one percent of accuracy. With the objective pareto the rewards in an explanation are what the winner was named by
// (search/worth.h): a net's height over the front of both arms.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/baseline_search.h"
#include "search/luck_band.h"
#include "search/model_effects.h"
#include "search/study_replay.h"

namespace effnet::search {

// How much the rewards of one net differ from run to run.
struct RunNoise {
  double points = 0;  // standard deviation
  int runs = 0,
      nets = 0;  // behind it; 0 runs: no net was trained twice, and this is what the model takes for noise
};

struct Margin {
  Finalist runner_up;
  double points = 0;          // of the winner's mean reward over its
  double standard_error = 0;  // of that, by the run noise
};

struct JudgedChange {
  SingleChange change;
  double reward_gain = 0;    // points, as predicted
  std::vector<int> trials;   // of the search in which the changed net was trained
  double seen_accuracy = 0;  // percent, their mean; 0 without trials
};

// The best reward so far came within a point of its end with this trial of the search.
struct LastPoint {
  int trial = 0;
  double share_after = 0;  // of the search's budget, spent later
};

struct Explanation {
  StudyConfig config;  // of the search
  std::vector<TrialResult> search, random;
  std::vector<Finalist> finalists;  // retrained with fresh seeds, the highest reward first; may be empty
  Finalist winner;  // the searched finalist; before there are any, the net that the strategy stands for
  RunNoise noise;
  std::optional<Margin> margin;  // with two finalists or more

  int model_runs = 0;                    // trainings that the model was fitted to
  std::vector<DimensionEffect> effects;  // costs by the objective's first cost
  std::vector<Interaction> interactions;
  std::vector<JudgedChange> changes;  // of the winner, the largest predicted reward first

  std::vector<LuckBand> band;   // of random searches, as long as the search; empty without a random arm
  double share_of_luckier = 0;  // random searches as long as the search whose best trial is at least as good
  LastPoint last_point;
  std::vector<TrialResult> front;     // of both arms, accuracy against the objective's costs
  std::vector<Dimension> dimensions;  // of the space: the rows of each belief
  StudyReplay replay;
};

// The trials of one search for a baseline, as far as there are.
struct BaselineTrials {
  std::vector<TrialResult> search, random, finalists;
  int finalists_an_arm = 2;
};

// kUsage when no trial of the search has a score yet; else as replay().
Explanation explain(const Space& space, const StudyConfig& config, BaselineTrials trials,
                    const std::function<void(double)>& progress = {});

}  // namespace effnet::search
