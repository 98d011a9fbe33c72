// Studies in the form of Optuna's JournalFileBackend, so that Optuna and optuna-dashboard open them: one JSON object a
// line, each an operation ("op_code") that Optuna replays (optuna/storages/journal/_storage.py of Optuna 5.0).
//
//   0 CREATE_STUDY         study_name, directions [2] (maximise)
//   2 SET_STUDY_USER_ATTR  study_id, one attribute
//   4 CREATE_TRIAL         study_id, state 1 (complete) or 3 (failed), value, params, distributions, times, user_attrs
//
// A choice becomes a categorical distribution over the values that the study's trials have, since Optuna wants the same
// values in all trials; a parameter is stored as the index of its value. The value of a trial is its reward; a trial
// without one is a failed trial. Optuna numbers trials by their place in the file: our number is a user attribute.
#pragma once

#include <string>
#include <vector>

#include "report/study_export.h"

namespace effnet::report {

std::string optuna_journal(const std::vector<StudyTrials>& studies);

}  // namespace effnet::report
