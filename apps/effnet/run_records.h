// The finished runs below a folder.
#pragma once

#include <filesystem>
#include <vector>

#include "spec/run_record.h"

namespace effnet::apps {

// Every results.json in `folder` and below, in order of its path. Error{kBadData} for a missing folder or a damaged
// record.
std::vector<spec::RunRecord> read_run_records(const std::filesystem::path& folder);

}  // namespace effnet::apps
