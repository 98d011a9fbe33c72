#include "apps/effnet/search_speed_flags.h"

#include <CLI/CLI.hpp>

#include "apps/effnet/demo_plan.h"

namespace effnet::apps {

void add_search_speed_flags(CLI::App& command, SearchSpeedFlags& flags) {
  command.add_option("--plan", flags.plan_file, "plan whose search it is (default: that of make demo)");
  command.add_option("--data-dir", flags.data_dir,
                     "folder of the pictures instead of the plan's; without it made-up pictures stand in\n"
                     "for a plan's that are not there");
  command.add_option("--children", flags.children, "nets of the search, each trained by every worker")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
}

SearchSpeed search_speed_from(const SearchSpeedFlags& flags) {
  SearchSpeed what{.plan = flags.plan_file.empty() ? parse_plan(demo_plan_text(), "plans/demo.toml")
                                                   : read_plan(flags.plan_file),
                   .own_data = !flags.data_dir.empty(),
                   .children = flags.children};
  if (what.own_data) what.plan.data.data_dir = flags.data_dir;
  return what;
}

}  // namespace effnet::apps
