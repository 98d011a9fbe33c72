// The studies of a trial store, for the commands that read what a search or a fit has left.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/study_export.h"
#include "store/trial_store.h"

namespace effnet::apps {

// A trial store, or the run folder that holds one as trials.db. kBadData when neither is there.
std::filesystem::path store_file(const std::string& file_or_folder);

// The study of this name, or all of the store in order of creation where `name` is empty. kUsage with the known names
// for a study that is not there, kBadData for a store without any.
std::vector<report::StudyTrials> read_studies(const store::TrialStore& store, const std::string& name);

}  // namespace effnet::apps
