// A study gone through once more from its trials, without evaluating: what its strategy believed on the way, and what it
// stands for at the end.
#pragma once

#include <functional>
#include <vector>

#include "search/space.h"
#include "search/strategy.h"
#include "search/study.h"

namespace effnet::search {

struct BeliefAt {
  int told = 0;  // trials
  Belief belief;
};

struct StudyReplay {
  std::vector<BeliefAt> beliefs;  // evenly spread over the trials, the last at the end; empty: it has none
  std::vector<spec::Choices> recommended;  // the best first
};

// The trials as far as they are there without a gap. `progress` is told the fraction done. kBadData when the strategy would
// ask for other nets than the study's: it was run by another version of the program.
StudyReplay replay(const Space& space, const StudyConfig& config, const std::vector<TrialResult>& results,
                   int beliefs, int recommendations, const std::function<void(double)>& progress = {});

}  // namespace effnet::search
