// effnet fit: alpha, beta, gamma by a grid search over the nets that the coefficients really make.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/fit_step.h"
#include "apps/net_argument.h"
#include "apps/stop_signal.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

struct Options {
  FitStep step;
  std::string baseline, alpha = "1:2", beta = "1:1.5", gamma = "1:1.5", step_text = "0.05",
                        tolerance = "0.08", cost = "macs";
  std::string redo;
  StudyFlags study{.output = "runs/fit"};
  bool dry_run = false;
};

void redo(const Options& options) {
  scaling::CoefficientFile file = scaling::read_coefficients(options.redo);
  if (file.nets.empty()) {
    throw spec::Error(spec::ErrorKind::kBadData, options.redo, "lists no trained nets to choose from",
                      "give a coefficients.toml that effnet fit wrote");
  }
  const scaling::CoefficientChoice choice = scaling::choose(file.nets, file.holdout_pictures);
  file.rule = file.nets[choice.winner].net.rules.front();
  print_result(options.study.json ? fit_json(file, choice) : fit_summary(file, choice));
}

void train(Options& options) {
  FitStep& step = options.step;
  step.config.lag = lag_of(options.study, step.children, step.config.lag);
  step.config.holdout_pictures = step.children.trainer.data.holdout;
  const spec::Recipe recipe = recipe_of(options.study);
  step.config.details_json = identity_json(step, recipe);
  const StudyFolder study{"fit", options.study.output, step.config.details_json, recipe};
  in_study_folder(study, [&](const store::RunFolder& folder) {
    step.children.trainer.recipe_file = folder / "recipe.toml";
    step.children.note_workers(folder.path());
    LiveLine line;
    Progress progress(line, Progress::Weights::kRelative);
    add_fit_phase(progress, 1);
    const search::CoefficientFitResult result = run_fit_step(step, folder.path(), progress, stop_requested());
    print_result(options.study.json ? fit_json(result.file, result.choice)
                                    : fit_summary(result.file, result.choice));
    print_note(fmt::format("coefficients: {}", (folder / "coefficients.toml").string()));
  });
}

void run(Options options) {
  if (!options.redo.empty()) return redo(options);
  search::CoefficientFitConfig& config = options.step.config;
  if (options.baseline.empty()) {
    throw spec::Error(spec::ErrorKind::kUsage, "fit", "--baseline is required",
                      "for example --baseline runs/search/baseline.toml, or b0");
  }
  config.baseline = resolve_net(options.baseline);
  config.grid.alpha = scaling::parse_range(options.alpha, "--alpha");
  config.grid.beta = scaling::parse_range(options.beta, "--beta");
  config.grid.gamma = scaling::parse_range(options.gamma, "--gamma");
  config.grid.step = scaling::parse_decimal(options.step_text, "--step");
  config.grid.tolerance = scaling::parse_decimal(options.tolerance, "--tolerance");
  config.cost_kind = spec::parse_counted_cost(options.cost, "--cost");
  require_between("--cost-spread", config.cost_spread, 0, 1);
  check_children(options.step.children);
  if (options.dry_run) return print_result(options.study.json ? points_json(config) : points_summary(config));
  train(options);
}

}  // namespace

void add_fit(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "fit", "Fit alpha, beta, gamma for a baseline by a grid search at equal realised cost");
  auto options = std::make_shared<Options>();
  FitStep& step = options->step;
  step.config.budget = {.pictures = 12'000, .epochs = 2};
  step.config.seed = 1;
  command->add_option("--baseline", options->baseline, "net to scale: published name or net file");
  command->add_option("--alpha", options->alpha, "depth, LOW:HIGH")->capture_default_str();
  command->add_option("--beta", options->beta, "width, LOW:HIGH")->capture_default_str();
  command->add_option("--gamma", options->gamma, "resolution, LOW:HIGH")->capture_default_str();
  command->add_option("--step", options->step_text, "of the grid")->capture_default_str();
  command->add_option("--tolerance", options->tolerance, "largest |alpha beta^2 gamma^2 - 2|")
      ->capture_default_str();
  command->add_option("--cost", options->cost, "macs or params")->capture_default_str();
  command
      ->add_option("--cost-spread", step.config.cost_spread,
                   "nets are compared when their costs lie within this")
      ->capture_default_str();
  command
      ->add_option("--nets", step.config.max_nets,
                   "train at most this many nets, spread over the grid; 0 for all")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  command->add_option("--seeds", step.config.seeds, "runs a net")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_study_flags(*command, step.children, step.config.budget, step.config.seed, options->study,
                  "coefficients.toml");
  command->add_option("--redo", options->redo,
                      "make the choice again from this coefficients.toml; nothing is trained");
  command->add_flag("--dry-run", options->dry_run, "only list the grid points and what they would cost");
  command->footer(
      "Examples:\n  effnet fit --baseline b0 --dry-run\n  effnet fit --baseline runs/search/baseline.toml "
      "--nets 6 --output runs/fit\n"
      "  effnet fit --redo runs/fit/coefficients.toml\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
