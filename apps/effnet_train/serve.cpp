// effnet-train serve: the evaluator's child. One trial a line comes in on stdin (spec/trial.h), is trained on the first
// `budget.pictures` pictures of the training part, scored on the held-out part, and answered with one line on stdout;
// lines {"trial","progress"} come before it. The data is opened once. A trial that fails is an answer, not an end. What
// LibTorch's operators compute in place of the project's kernels is said on stderr, once for all trials.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/effnet_train/commands.h"
#include "apps/effnet_train/compute_flags.h"
#include "apps/effnet_train/data_flags.h"
#include "apps/effnet_train/fallback_notes.h"
#include "apps/effnet_train/recipe_flags.h"
#include "apps/stop_signal.h"
#include "spec/recipe_choices.h"
#include "spec/trial.h"
#include "training/failure.h"
#include "training/trainer.h"

namespace effnet::apps {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  DataFlags data;
  RecipeFlags recipe;
  ComputeFlags compute;
};

class TrialProgress final : public training::Observer {
 public:
  TrialProgress(int trial, FallbackNotes& fallbacks) : trial_(trial), fallbacks_(fallbacks) {}

  void watch(const ops::ExecutionContext& context) { context_ = context; }  // of the net that is trained

  void on_step(const training::StepReport& report) override {
    if (pictures_ == 0) fallbacks_.tell_new(context_, print_note);
    pictures_ += report.pictures;
    const Clock::time_point now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    const double done = static_cast<double>(report.step) / static_cast<double>(report.steps);
    print_result(fmt::format("{{\"trial\":{},\"progress\":{:.4f}}}\n", trial_, done));
  }

  std::int64_t pictures() const { return pictures_; }

 private:
  int trial_;
  FallbackNotes& fallbacks_;
  ops::ExecutionContext context_;
  std::int64_t pictures_ = 0;
  Clock::time_point last_ = Clock::now();
};

class Server {
 public:
  Server(const OpenedData& data, const spec::Recipe& recipe, const training::Compute& compute)
      : data_(data), recipe_(recipe), compute_(compute) {}

  spec::Outcome evaluate(const spec::Trial& trial) {
    const Clock::time_point start = Clock::now();
    TrialProgress progress(trial.number, fallbacks_);
    spec::Outcome outcome;
    try {
      training::with_typed_failures([&] { outcome = train_and_score(trial, progress); });
    } catch (const training::TrainingFailure& failure) {
      outcome.kind = failure.reason();
      outcome.message = failure.message();
    } catch (const std::exception& error) {
      outcome.kind = spec::OutcomeKind::kCrashed;
      outcome.message = error.what();
    }
    outcome.pictures = progress.pictures();
    outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return outcome;
  }

 private:
  spec::Outcome train_and_score(const spec::Trial& trial, TrialProgress& progress) const {
    const data::Dataset& dataset = *data_.set.train;
    training::TrainerOptions options{
        .arch = trial.candidate.arch,
        .recipe = spec::with_choices(recipe_, trial.candidate.choices, "trial"),
        .seed = trial.seed,
        .train = data::first_pictures(data_.split.train, dataset, trial.budget.pictures),
        .preprocessing = preprocessing_for(trial.candidate.arch, data_.set),
        .compute = compute_};
    options.recipe.epochs = trial.budget.epochs;
    training::Trainer trainer(options, dataset);
    progress.watch(trainer.learner().net()->context());
    const auto score_now = [&] {
      return training::evaluate(trainer.trained_net(), dataset,
                                {.indices = data_.split.holdout,
                                 .preprocessing = options.preprocessing,
                                 .device = compute_.device});
    };
    spec::Outcome outcome;
    for (const spec::Rung& rung : trial.rungs) {
      trainer.run_until(rung.epoch, progress);
      outcome.rungs.push_back(score_now().top1);
      if (outcome.rungs.back() >= rung.least) continue;
      outcome.kind = spec::OutcomeKind::kStoppedEarly;
      outcome.message = fmt::format("{:.2f} % after epoch {}, less than {:.2f} %", outcome.rungs.back(),
                                    rung.epoch, rung.least);
      return outcome;
    }
    trainer.run(progress);
    const training::Evaluation score = score_now();
    outcome.accuracy = score.top1;
    outcome.loss = score.loss;
    return outcome;
  }

  const OpenedData& data_;
  spec::Recipe recipe_;
  training::Compute compute_;
  FallbackNotes fallbacks_;
};

void run(const Options& options) {
  end_with_parent();
  const training::Compute compute = prepare_compute(options.compute);
  const spec::Recipe recipe = recipe_from(options.recipe);
  const OpenedData data = open_data(options.data);
  if (data.split.holdout.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "--holdout", "a score needs held-out pictures",
                      "give --holdout 5000");
  Server server(data, recipe, compute);
  int number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const spec::Trial trial = spec::trial_from_json(line, fmt::format("standard input, line {}", ++number));
    print_result(spec::outcome_json(trial.number, server.evaluate(trial)) + "\n");
  }
}

}  // namespace

void add_serve(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "serve", "Train and score the trials that come in on stdin (effnet search runs this)");
  auto options = std::make_shared<Options>();
  add_data_flags(*command, options->data);
  add_compute_flags(*command, options->compute);
  add_recipe_flags(*command, options->recipe);
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
