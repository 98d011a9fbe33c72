// effnet bench search: children an hour of a plan's search, by the project's kernels and by LibTorch's operators.
#include <CLI/CLI.hpp>
#include <memory>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/search_speed_flags.h"
#include "apps/stop_signal.h"

namespace effnet::apps {
namespace {

struct Options {
  SearchSpeedFlags search;
  bool json = false;
};

void run(const Options& options) {
  const SearchSpeed what = search_speed_from(options.search);
  LiveLine line;
  const std::vector<BenchRow> rows{measure_search_speed(what, line, stop_requested())};
  print_result(options.json ? bench_json(rows, what.plan.threads) : bench_text(rows, what.plan.threads));
}

}  // namespace

void add_bench_search(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "search",
      "Children an hour of a plan's search, construction and scoring included, beside LibTorch's operators");
  auto options = std::make_shared<Options>();
  add_search_speed_flags(*command, options->search);
  command->add_flag("--json", options->json, "the result as JSON");
  command->footer("Example:\n  effnet bench search --children 4\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
