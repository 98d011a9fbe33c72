// Why a net won, from the trials alone: what each value of each choice did to the reward on average, and the
// best trials. Plain numbers that can be checked against the trial store; report/ puts them into words and
// charts.
#pragma once

#include <string>
#include <vector>

#include "search/study.h"

namespace effnet::search {

// Means over the trials with a reward. A value that good trials share stands out, whether it is the cause or
// only in good company: a main effect, not a proof.
struct ValueEffect {
  spec::ChoiceValue value;
  int with = 0, without = 0;  // trials
  double mean_with = 0, mean_without = 0;
  double effect = 0;          // mean_with - mean_without; 0 if one side is empty
  double standard_error = 0;  // of the effect; 0 with fewer than two trials on a side
};

struct DimensionEffect {
  std::string name;                 // "stage1.kernel"
  std::vector<ValueEffect> values;  // in order of the values
  double spread = 0;                // highest minus lowest mean_with
};

struct Explanation {
  int scored = 0, failed = 0, taken_over = 0;  // trials
  double mean_reward = 0, standard_deviation = 0;
  std::vector<DimensionEffect> effects;  // the largest spread first
  std::vector<TrialResult> best;         // the highest reward first, each net once
};

Explanation explain(const std::vector<TrialResult>& results, int best = 10);

}  // namespace effnet::search
