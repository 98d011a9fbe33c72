// The search for a baseline as a step: of the command `effnet search` and of the whole job.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "apps/effnet/evaluators.h"
#include "apps/effnet/progress.h"
#include "apps/effnet/study_command.h"
#include "search/baseline_search.h"

namespace effnet::apps {

struct SearchStep {
  std::string space_name;
  std::string strategy{
      search::kAutoStrategy};  // as it was named; config.strategy is filled by run_search_step
  search::BaselineSearchConfig config;
  StudyChildren children;
  std::string evaluator =
      "train";  // or command:PROGRAM ARGS, or table:FILE.csv as search/table_evaluator.h has it
};

// Error{kUsage} for a strategy or an evaluator that there is not.
void check(const SearchStep& step, const search::Space& space);

// Everything that must be the same for a folder to be gone on with.
std::string identity_json(const SearchStep& step, const spec::Recipe& recipe);

// The phases that the step adds to a progress, in order: "search", "random arm", "finalists".
void add_search_phases(Progress& progress, const SearchStep& step, double seconds_a_trial);

// Goes on where the store in `folder` ends, and writes folder/baseline.toml; where settings of the training were
// searched as well, folder/baseline-recipe.toml with those of the best net. Errors as search::run_baseline_search.
search::BaselineSearchResult run_search_step(const SearchStep& step, const search::Space& space,
                                             const std::filesystem::path& folder, Progress& progress,
                                             const std::atomic<bool>& stop);

// Of the random arm, in words: "equal cost", or how many trials it had beside the search's.
std::string arms_cost_text(const search::BaselineSearchResult& result);
std::string search_summary(const search::BaselineSearchResult& result);  // for a terminal
std::string search_json(const search::BaselineSearchResult& result);

}  // namespace effnet::apps
