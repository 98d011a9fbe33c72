// effnet search: a baseline out of a small MBConv space, beside a random arm.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/command_line.h"
#include "apps/effnet/calibration_step.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/search_step.h"
#include "apps/stop_signal.h"
#include "search/builtin_spaces.h"
#include "search/objective_words.h"
#include "search/strategies.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

constexpr double kDefaultTarget = 4e6;  // of one cost

struct Options {
  SearchStep step;
  StudyFlags study{.output = "runs/search"};
  CalibrationFlags calibration;
  search::ObjectiveWords objective;
  std::string early_stop = "none";
  std::optional<int> random_trials;
};

std::string space_names() {
  std::string names;
  for (const search::BuiltinSpace& space : search::builtin_spaces())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", space.name);
  return names;
}

std::string strategy_names() {
  std::string names(search::kAutoStrategy);
  for (const search::StrategyRow& row : search::strategies()) names += fmt::format(", {}", row.name);
  return names;
}

void calibrate(const Options& options, const search::Space& space, const spec::Recipe& recipe) {
  const SearchStep& step = options.step;
  const std::string identity =
      fmt::format(R"({{"nets":{},"long_epochs":{},"search":{}}})", options.calibration.nets,
                  options.calibration.long_epochs, step.config.details_json);
  in_study_folder(
      {"calibration", options.study.output, identity, recipe}, [&](const store::RunFolder& folder) {
        SearchStep in_folder = step;
        in_folder.children.trainer.recipe_file = folder / "recipe.toml";
        in_folder.config.details_json = identity;
        const search::Calibration calibration =
            run_calibration(in_folder, options.calibration, space, folder.path(), stop_requested());
        spec::write_file_atomically(folder / "calibration.json", calibration_json(calibration));
        print_result(options.study.json ? calibration_json(calibration) : calibration_text(calibration));
      });
}

// A search after one counted cost has a target without being given one; what a net may take is the user's to say.
search::Objective with_defaults(search::ObjectiveWords words) {
  const bool front = words.form == search::to_text(search::ObjectiveForm::kPareto);
  const bool counted =
      words.costs.size() == 1 && words.costs.front() != spec::to_text(spec::CostKind::kLatency);
  if (words.targets.empty() && counted && !front) words.targets = {kDefaultTarget};
  return search::objective_of(words);
}

void run(Options options) {
  SearchStep& step = options.step;
  search::BaselineSearchConfig& config = step.config;
  config.objective = with_defaults(options.objective);
  config.early_stop = search::parse_early_stop(options.early_stop, "--early-stop");
  if (search::rung_epochs(config.early_stop, config.budget.epochs).empty() &&
      config.early_stop != search::EarlyStop::kNone) {
    throw spec::Error(spec::ErrorKind::kUsage, "--early-stop", "trials of one epoch cannot end earlier",
                      "give more --child-epochs");
  }
  config.random_trials = options.random_trials.value_or(config.trials);
  config.lag = lag_of(options.study, step.children, config.lag);
  const search::Space space =
      search::load_space(step.space_name).with_limits(search::limits_of(config.objective));
  check_children(step.children);
  check(step, space);
  const spec::Recipe recipe = recipe_of(options.study);
  if (const std::string note = search::target_note(config.objective); !note.empty())
    print_note("note: " + note);

  config.details_json = identity_json(step, recipe);
  if (options.calibration.nets > 0) return calibrate(options, space, recipe);
  const StudyFolder study{"search", options.study.output, config.details_json, recipe};
  in_study_folder(study, [&](const store::RunFolder& folder) {
    step.children.trainer.recipe_file = folder / "recipe.toml";
    step.children.note_workers(folder.path());
    LiveLine line;
    Progress progress(line, Progress::Weights::kRelative);
    add_search_phases(progress, step, 1);
    const search::BaselineSearchResult result =
        run_search_step(step, space, folder.path(), progress, stop_requested());
    print_result(options.study.json ? search_json(result) : search_summary(result));
    print_note(fmt::format("baseline: {}", (folder / "baseline.toml").string()));
  });
}

}  // namespace

void add_search(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("search", "Search a small MBConv space for a baseline, beside a random arm");
  auto options = std::make_shared<Options>();
  SearchStep& step = options->step;
  step.space_name = "fashion-small";
  step.config.trials = 32;
  step.config.seed = 1;
  step.config.budget = {.pictures = 12'000, .epochs = 2};
  command
      ->add_option("--space", step.space_name,
                   fmt::format("built-in space ({}) or space file", space_names()))
      ->capture_default_str();
  command->add_option("--strategy", step.strategy, strategy_names())->capture_default_str();
  command
      ->add_option("--objective", options->objective.form,
                   "soft, hard, absolute or constraint; pareto for the whole front of accuracy against cost")
      ->capture_default_str();
  const auto a_cost = [&](const char* flag, auto& values, const char* what) {
    return command->add_option(flag, values, what)->delimiter(',')->allow_extra_args(false);
  };
  a_cost("--cost", options->objective.costs,
         "macs, params, activations or latency_ns (of a space that was timed: effnet bench latency); "
         "several as macs,params")
      ->capture_default_str();
  a_cost("--target", options->objective.targets,
         "the cost that is wanted, one for each of --cost; default 4e6, of latency_ns none");
  a_cost(
      "--weight", options->objective.weights,
      "exponent or slope, one for each of --cost; -0.02:-0.15 for one up to the target and another above it; "
      "default by the form: soft -0.07, hard -1, absolute -0.1");
  command->add_option("--trials", step.config.trials, "nets the search trains")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option("--random-trials", options->random_trials,
                   "nets of the random arm; default as many as --trials, 0 for none")
      ->check(CLI::Range(0, 1'000'000));
  command->add_option("--finalists", step.config.finalists, "best nets of each arm that are retrained")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--finalist-seeds", step.config.finalist_seeds, "fresh seeds each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--evaluator", step.evaluator,
                   "train; command:PROGRAM ARGS that speaks the JSON-lines protocol; or "
                   "table:FILE.csv[,key=COLUMN][,form=arch|digits|choices][,accuracy=COLUMN[+COLUMN...]]")
      ->capture_default_str();
  command
      ->add_option("--calibrate", options->calibration.nets,
                   "train so many nets short, twice, and long instead of searching: may the short training "
                   "be trusted?")
      ->check(CLI::Range(3, 10'000));
  command
      ->add_option("--calibrate-epochs", options->calibration.long_epochs,
                   "epochs of its long runs; default four times --child-epochs")
      ->check(CLI::Range(1, 10'000));
  command
      ->add_option(
          "--early-stop", options->early_stop,
          "none; median: trials behind the median after an epoch end there; halving: after a half, a "
          "quarter .. of the epochs half of the trials end")
      ->capture_default_str();
  add_study_flags(*command, step.children, step.config.budget, step.config.seed, options->study,
                  "baseline.toml");
  command->footer(
      "Examples:\n  effnet search --trials 40 --target 1.5e6 --output runs/search\n"
      "  effnet search --objective soft --cost macs,params --target 2e6,1e5 --weight -0.07,-0.05\n"
      "  effnet search --objective pareto --cost macs --trials 100\n"
      "  effnet search --calibrate 12 --child-epochs 2 --calibrate-epochs 8 --output runs/calibration\n"
      "  effnet search --space my-space.toml --data-dir pictures --dataset folder --strategy predictor\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
