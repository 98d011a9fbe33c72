// effnet-train measure: how many pictures a second a net trains here; one JSON line a net, in the order given.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet_train/commands.h"
#include "apps/effnet_train/compute_flags.h"
#include "apps/effnet_train/recipe_flags.h"
#include "apps/stop_signal.h"
#include "training/measure.h"

namespace effnet::apps {
namespace {

struct Options {
  std::vector<std::string> nets;
  double seconds = 3;
  RecipeFlags recipe;
  ComputeFlags compute;
};

void run(const Options& options) {
  end_with_parent();  // the bill of a job that was killed must not slow down the next one's
  const training::Compute compute = prepare_compute(options.compute);
  const spec::Recipe recipe = recipe_from(options.recipe);
  for (const std::string& text : options.nets) {
    const spec::ArchSpec arch = spec::parse_arch(text, "--arch");
    const training::Throughput measured = training::measure_training(
        {.arch = arch, .recipe = recipe, .seconds = options.seconds, .compute = compute});
    const nlohmann::ordered_json json{{"arch", spec::to_text(arch)},
                                      {"pictures_per_second", measured.pictures_per_second},
                                      {"median_pictures_per_second", measured.median_pictures_per_second},
                                      {"batch_size", recipe.batch_size},
                                      {"steps", measured.steps}};
    print_result(json.dump() + "\n");
  }
}

}  // namespace

void add_measure(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("measure", "Pictures a second of training steps on synthetic pictures");
  auto options = std::make_shared<Options>();
  command->add_option("--arch", options->nets, "net as canonical text; may be given several times")
      ->required()
      ->take_all()
      ->expected(1);
  command->add_option("--seconds", options->seconds, "time for each net")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e5));
  add_compute_flags(*command, options->compute);
  add_recipe_flags(*command, options->recipe);
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
