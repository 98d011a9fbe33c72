// effnet study ls|show|export: what a trial store holds, for people and for other programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/stored_studies.h"
#include "apps/effnet/study_front.h"
#include "report/number_text.h"
#include "report/objective_text.h"
#include "report/optuna_journal.h"
#include "report/text_table.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/recipe_choices.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;
using report::StudyTrials;

struct Options {
  std::string store, study, format = "csv", output;
  int best = 5;
  bool json = false;
};

// What a study did and what it took, counted from its trials.
struct Tally {
  int scored = 0, stopped_early = 0, failed = 0, taken_over = 0;
  std::map<std::string_view, int> unscored;  // by kind
  double pictures = 0, seconds = 0;
  std::string last;  // when the latest trial was recorded

  int finished() const { return scored + stopped_early + failed; }
};

Tally tally(const StudyTrials& study) {
  Tally sum;
  for (const search::TrialResult& result : study.trials) {
    if (result.outcome.scored())
      ++sum.scored;
    else
      ++sum.unscored[spec::to_text(result.outcome.kind)];
    if (result.outcome.failed()) ++sum.failed;
    if (result.outcome.kind == spec::OutcomeKind::kStoppedEarly) ++sum.stopped_early;
    if (result.same_as) ++sum.taken_over;
    sum.pictures += static_cast<double>(result.outcome.pictures);
    sum.seconds += result.outcome.seconds;
    sum.last = std::max(sum.last, result.finished);
  }
  return sum;
}

std::string state_text(const Tally& sum) {
  std::string text = fmt::format("{} finished, {} scored", sum.finished(), sum.scored);
  if (sum.taken_over > 0) text += fmt::format(" ({} taken over from an identical net)", sum.taken_over);
  for (const auto& [kind, count] : sum.unscored) text += fmt::format(", {} {}", count, kind);
  return text;
}

Json tally_json(const StudyTrials& study) {
  const Tally sum = tally(study);
  Json json{{"name", study.config.name},
            {"seed", study.config.seed},
            {"config", Json::parse(search::config_json(study.config))},
            {"finished", sum.finished()},
            {"scored", sum.scored},
            {"stopped_early", sum.stopped_early},
            {"failed", sum.failed},
            {"taken_over", sum.taken_over},
            {"pictures", sum.pictures},
            {"seconds", sum.seconds},
            {"last", sum.last}};
  if (const search::TrialResult* best = search::best_of(study.trials)) {
    json["best"] = {{"trial", best->trial.number},
                    {"reward", *best->reward},
                    {"accuracy", best->outcome.accuracy},
                    {"macs", best->trial.candidate.cost.macs},
                    {"params", best->trial.candidate.cost.params},
                    {"arch", spec::to_text(best->trial.candidate.arch)}};
  }
  return json;
}

std::vector<StudyTrials> studies_of(const Options& options) {
  const store::TrialStore store = store::TrialStore::open_existing(trial_store_of(options.store));
  return read_studies(store, options.study);
}

void list(const Options& options) {
  const std::vector<StudyTrials> studies = studies_of(options);
  if (options.json) {
    Json json{{"schema", "effnet.study-list/1"}, {"studies", Json::array()}};
    for (const StudyTrials& study : studies) json["studies"].push_back(tally_json(study));
    print_result(json.dump(2) + "\n");
    return;
  }
  const auto right = report::Align::kRight;
  report::TextTable table({{"study"},
                           {"strategy"},
                           {"finished", right},
                           {"failed", right},
                           {"best reward", right},
                           {"accuracy %", right},
                           {"MACs", right},
                           {"last trial"}});
  for (const StudyTrials& study : studies) {
    const Tally sum = tally(study);
    const search::TrialResult* best = search::best_of(study.trials);
    table.add_row({study.config.name, study.config.strategy, fmt::format("{}", sum.finished()),
                   fmt::format("{}", sum.failed), best ? fmt::format("{:.4f}", *best->reward) : "-",
                   best ? fmt::format("{:.2f}", best->outcome.accuracy) : "-",
                   best ? report::short_count(static_cast<double>(best->trial.candidate.cost.macs)) : "-",
                   sum.last.empty() ? "-" : sum.last});
  }
  print_result(table.to_text());
}

// The study's settings that are one value each; the rest (recipe, space) is in the JSON.
void add_details(report::TextTable& table, const std::string& details_json) {
  const Json details = Json::parse(details_json);
  for (const auto& [key, value] : details.items()) {
    if (value.is_string() && value.get<std::string>().find('\n') == std::string::npos)
      table.add_row({key, value.get<std::string>()});
    else if (value.is_number() || value.is_boolean())
      table.add_row({key, value.dump()});
  }
}

std::vector<search::TrialResult> best_trials(const StudyTrials& study, int count) {
  std::vector<search::TrialResult> best;
  for (const search::TrialResult& result : study.trials) {
    if (result.reward) best.push_back(result);
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const auto& a, const auto& b) { return *a.reward > *b.reward; });
  best.resize(std::min(best.size(), static_cast<std::size_t>(count)));
  return best;
}

std::string show_text(const StudyTrials& study, int best) {
  const search::StudyConfig& config = study.config;
  const Tally sum = tally(study);
  report::TextTable settings({{"study"}, {config.name}});
  settings.add_row(
      {"strategy", fmt::format("{}, lag {}, seed {}", config.strategy, config.lag, config.seed)});
  settings.add_row({"objective", report::objective_text(config.objective)});
  settings.add_row({"budget", fmt::format("{} pictures, {} times",
                                          report::grouped_count(static_cast<double>(config.budget.pictures)),
                                          config.budget.epochs)});
  settings.add_row({"identical nets", config.identical == search::IdenticalNets::kTakeOver
                                          ? "take over the first one's score"
                                          : "train again"});
  settings.add_rule();
  add_details(settings, config.details_json);
  settings.add_rule();
  settings.add_row({"trials", state_text(sum)});
  settings.add_row({"cost", fmt::format("{} pictures trained on, {:.1f} s of evaluation",
                                        report::grouped_count(sum.pictures), sum.seconds)});
  settings.add_row({"last trial", sum.last.empty() ? "-" : sum.last});

  const auto right = report::Align::kRight;
  report::TextTable table({{"trial", right},
                           {"reward", right},
                           {"accuracy %", right},
                           {"MACs", right},
                           {"params", right},
                           {"net"}});
  for (const search::TrialResult& result : best_trials(study, best)) {
    const spec::Candidate& net = result.trial.candidate;
    table.add_row({fmt::format("{}", result.trial.number), fmt::format("{:.4f}", *result.reward),
                   fmt::format("{:.2f}", result.outcome.accuracy),
                   report::short_count(static_cast<double>(net.cost.macs)),
                   report::short_count(static_cast<double>(net.cost.params)), spec::training_text(net)});
  }
  if (table.rows().empty()) return settings.to_text() + "\nNo trial has a reward yet.\n";
  return settings.to_text() + "\n" + table.to_text() + "\n" + front_text(study);
}

void show(const Options& options) {
  const std::vector<StudyTrials> studies = studies_of(options);
  if (options.json) {
    Json json{{"schema", "effnet.study-show/1"}, {"studies", Json::array()}};
    for (const StudyTrials& study : studies) {
      Json one = tally_json(study);
      one["front"] = Json::parse(front_json(study));
      json["studies"].push_back(std::move(one));
    }
    print_result(json.dump(2) + "\n");
    return;
  }
  std::string text;
  for (const StudyTrials& study : studies)
    text += (text.empty() ? "" : "\n") + show_text(study, options.best);
  print_result(text);
}

void export_studies(const Options& options) {
  const std::vector<StudyTrials> studies = studies_of(options);
  const std::string text = options.format == "csv"    ? report::study_csv(studies)
                           : options.format == "json" ? report::study_json(studies)
                                                      : report::optuna_journal(studies);
  if (options.output.empty()) {
    print_result(text);
    return;
  }
  if (std::filesystem::exists(options.output)) {
    throw spec::Error(spec::ErrorKind::kUsage, options.output, "is there already",
                      "remove it, or give another --output");
  }
  spec::write_file_atomically(options.output, text);
  print_note(fmt::format("wrote {}", options.output));
}

CLI::App* add_part(CLI::App& study, const std::shared_ptr<Options>& options, const char* name,
                   const char* what) {
  CLI::App* command = study.add_subcommand(name, what);
  command
      ->add_option("STORE", options->store,
                   "trial store (file or postgresql://...), or the run folder of a search or a fit")
      ->required();
  return command;
}

}  // namespace

void add_study(CLI::App& program) {
  CLI::App* study = program.add_subcommand("study", "List, show and export the studies of a trial store");
  study->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* ls = add_part(*study, options, "ls", "The studies of a store, one line each");
  ls->add_flag("--json", options->json, "the same as JSON");
  ls->callback([options] { list(*options); });

  constexpr const char* kWhich = "name of the study (default: all of the store)";
  CLI::App* one = add_part(*study, options, "show", "Settings, trials, cost, best nets and front of a study");
  one->add_option("STUDY", options->study, kWhich);
  one->add_option("--best", options->best, "nets to show")->capture_default_str()->check(CLI::Range(1, 1000));
  one->add_flag("--json", options->json, "the same as JSON");
  one->callback([options] { show(*options); });

  CLI::App* out = add_part(*study, options, "export", "The trials as CSV, JSON or an Optuna journal");
  out->add_option("STUDY", options->study, kWhich);
  out->add_option("--format", options->format, "csv, json, or optuna: a journal file that Optuna opens")
      ->capture_default_str()
      ->check(CLI::IsMember({"csv", "json", "optuna"}));
  out->add_option("--output", options->output, "file to write; it must not be there yet (default: stdout)");
  out->callback([options] { export_studies(*options); });

  study->footer(
      "Examples:\n  effnet study ls runs/search\n  effnet study show runs/search search\n"
      "  effnet study export runs/search --format optuna --output search.log && optuna-dashboard "
      "search.log\n");
}

}  // namespace effnet::apps
