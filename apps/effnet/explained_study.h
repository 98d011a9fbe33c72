// A search that is in a trial store, gone through once more and explained.
#pragma once

#include <filesystem>
#include <functional>

#include "search/explanation.h"

namespace effnet::apps {

// The trial store that a user means by a folder of `effnet search` or `effnet auto`, or by the store itself. kUsage when
// there is none.
std::filesystem::path trial_store_of(const std::filesystem::path& study);

// Of the studies "search", "random" and "finalists" of the store, as far as they have come; it may still be running.
// kUsage without a search; else as search::explain.
search::Explanation explained_study(const std::filesystem::path& trial_store,
                                    const std::function<void(double)>& progress = {});

}  // namespace effnet::apps
