// Studies for other programs: CSV with a column for each choice, JSON, and the journal of Optuna (optuna_journal.h).
#pragma once

#include <string>
#include <vector>

#include "search/study.h"

namespace effnet::report {

struct StudyTrials {
  search::StudyConfig config;
  std::vector<search::TrialResult> trials;  // as search::read_results
};

// One row a trial, of all studies in one table. Accuracy is in percent; an empty reward means that the trial failed or
// broke the constraint.
std::string study_csv(const std::vector<StudyTrials>& studies);

// {"schema": "effnet.study/1", "studies": [{"name", "seed", "config", "trials": [...]}]}
std::string study_json(const std::vector<StudyTrials>& studies);

}  // namespace effnet::report
