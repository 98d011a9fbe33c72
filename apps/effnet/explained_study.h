// A search that is in a trial store, gone through once more and explained.
#pragma once

#include <functional>
#include <string>

#include "search/explanation.h"

namespace effnet::apps {

// Of the studies "search", "random" and "finalists" of the store, as far as they have come; it may still be running.
// kUsage without a search; else as search::explain.
search::Explanation explained_study(const std::string& trial_store,
                                    const std::function<void(double)>& progress = {});

}  // namespace effnet::apps
