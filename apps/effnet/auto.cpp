// effnet auto: the whole job of a plan file, knowing the bill first.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/job_report.h"
#include "apps/effnet/plan.h"
#include "apps/effnet/whole_job.h"
#include "apps/kernel_choice.h"
#include "apps/stop_signal.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

struct Options {
  std::string plan_file, output, data_dir, kernels;
  bool json = false;
};

void run(const Options& options) {
  Plan plan = read_plan(options.plan_file);
  if (!options.data_dir.empty()) plan.data.data_dir = options.data_dir;
  if (!options.kernels.empty()) plan.kernels = options.kernels;
  const std::string output = options.output.empty() ? "runs/" + plan.name : options.output;
  try {
    const WholeJobResult result = run_whole_job(plan, output, stop_requested());
    if (options.json) return print_result(job_json(plan, result));
    print_result(job_summary(plan, result));
    print_result(fmt::format("\nEverything is in {0}: open {0}/report.html\n", output));
  } catch (const spec::Error& error) {
    if (error.kind() != spec::ErrorKind::kStopped) throw;
    throw spec::Error(error.kind(), "auto", fmt::format("stopped; what is done is kept in {}", output),
                      "run the same command again to go on");
  }
}

}  // namespace

void add_auto(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "auto", "The whole job of a plan: bill, search, fit, family, rivals, charts, report");
  auto options = std::make_shared<Options>();
  command->add_option("--plan", options->plan_file, "plan file (TOML); plans/demo.toml is a commented one")
      ->required();
  command->add_option("--output", options->output, "output folder; default runs/NAME of the plan");
  command->add_option("--data-dir", options->data_dir, "folder of the pictures instead of the plan's");
  add_kernels_flag(*command, options->kernels, fmt::format("{}, instead of the plan's", kKernelsHelp));
  command->add_flag("--json", options->json, "the result as JSON");
  command->footer("Example:\n  effnet auto --plan plans/demo.toml --output runs/demo\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
