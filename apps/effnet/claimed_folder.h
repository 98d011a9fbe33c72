// An output folder belongs to the settings it was started with. Settings that could not even begin (no such data
// folder, a data set that does not fit the net) must not keep it from the corrected ones.
#pragma once

#include <filesystem>

#include "store/run_folder.h"

namespace effnet::apps {

// Empties `folder` when this process began it and no trial is in the store `trials`; else leaves it alone.
void release_unused(const store::RunFolder& folder, const std::filesystem::path& trials);

}  // namespace effnet::apps
