// What scores a study's nets, from the words of --evaluator: train; command:PROGRAM ARGS, which speaks the protocol of
// spec/trial.h; or table:FILE.csv as search/table_evaluator.h has it.
#pragma once

#include <filesystem>
#include <string>

#include "apps/effnet/study_command.h"
#include "search/space.h"
#include "search/study.h"

namespace effnet::apps {

// Logs of children go to the folder. `space` is asked for by tables alone. kUsage for an evaluator that there is not.
search::EvaluatorFactory evaluators_of(const std::string& evaluator, const StudyChildren& children,
                                       const search::Space* space, const std::filesystem::path& folder);

}  // namespace effnet::apps
