// --plan, --data-dir and --children: which search `effnet bench search` and `bench floors` measure.
#pragma once

#include <string>

#include "apps/effnet/search_speed.h"

namespace CLI {
class App;
}

namespace effnet::apps {

struct SearchSpeedFlags {
  std::string plan_file, data_dir;
  int children = 4;
};

void add_search_speed_flags(CLI::App& command, SearchSpeedFlags& flags);

SearchSpeed search_speed_from(const SearchSpeedFlags& flags);  // errors as read_plan

}  // namespace effnet::apps
