// What a search after a front prints: the front of both arms and what each covers.
#pragma once

#include <string>

#include "search/baseline_search.h"

namespace effnet::apps {

std::string found_front_text(const search::FoundFront& front);
std::string found_front_json(const search::FoundFront& front);

}  // namespace effnet::apps
