// The studies of a trial store, for the commands that read what a search or a fit has left.
#pragma once

#include <string>
#include <vector>

#include "report/study_export.h"
#include "store/trial_store.h"

namespace effnet::apps {

// The trial store that a user means by an output folder of `effnet search`, `fit` or `auto`, or by the store itself: a file or
// a URL. kUsage when there is no such folder or file.
std::string trial_store_of(const std::string& where);

// The study of this name, or all of the store in order of creation where `name` is empty. kUsage with the known names
// for a study that is not there, kBadData for a store without any.
std::vector<report::StudyTrials> read_studies(const store::TrialStore& store, const std::string& name);

}  // namespace effnet::apps
