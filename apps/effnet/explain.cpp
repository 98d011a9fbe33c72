// effnet explain: why a search's net won, in words, tables and charts that can be checked against the trials.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/explained_study.h"
#include "apps/effnet/stored_studies.h"
#include "apps/live_line.h"
#include "report/explanation_page.h"
#include "report/explanation_words.h"
#include "spec/atomic_file.h"
#include "store/postgres_location.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string study, output;
  bool json = false;
};

Json value_json(const spec::ChoiceValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::get<std::string>(value);
}

Json interval_json(const search::Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

Json explanation_json(const search::Explanation& why) {
  Json json{{"schema", "effnet.explanation/1"}};
  json["sentences"] = report::explanation_sentences(why);
  json["winner"] = {{"trial", why.winner.trial},
                    {"arch", spec::to_text(why.winner.candidate.arch)},
                    {"choices", Json::parse(spec::choices_json(why.winner.candidate.choices))},
                    {"accuracy", why.winner.mean_accuracy},
                    {"accuracies", why.winner.accuracies}};
  json["noise"] = {{"points", why.noise.points}, {"runs", why.noise.runs}, {"nets", why.noise.nets}};
  if (why.margin) {
    json["margin"] = {{"points", why.margin->points},
                      {"standard_error", why.margin->standard_error},
                      {"runner_up", spec::to_text(why.margin->runner_up.candidate.arch)}};
  }
  json["effects"] = Json::array();
  for (const search::DimensionEffect& effect : why.effects) {
    for (const search::ValueEffect& value : effect.values) {
      json["effects"].push_back({{"choice", effect.name},
                                 {"value", value_json(value.value)},
                                 {"accuracy", interval_json(value.accuracy)},
                                 {"cost_ratio", value.cost_ratio}});
    }
  }
  json["interactions"] = Json::array();
  for (const search::Interaction& pair : why.interactions) {
    json["interactions"].push_back({{"first", pair.first},
                                    {"first_value", value_json(pair.first_value)},
                                    {"second", pair.second},
                                    {"second_value", value_json(pair.second_value)},
                                    {"accuracy", interval_json(pair.accuracy)}});
  }
  json["changes"] = Json::array();
  for (const search::JudgedChange& change : why.changes) {
    json["changes"].push_back({{"choice", change.change.name},
                               {"from", value_json(change.change.from)},
                               {"to", value_json(change.change.to)},
                               {"accuracy", interval_json(change.change.accuracy)},
                               {"reward_points", change.reward_gain},
                               {"seen_in_trials", change.trials}});
  }
  return json;
}

void run(const Options& options) {
  const std::string store = trial_store_of(options.study);
  const search::Explanation why = [&] {
    LiveLine line;
    return explained_study(store, [&](double fraction) {
      line.update(fmt::format("going through the trials: {:.0f} %", 100 * fraction));
    });
  }();
  const bool on_server = store::is_postgres_url(store);
  std::filesystem::path file = options.output;
  if (file.empty())
    file = (on_server ? std::filesystem::path() : std::filesystem::path(store).parent_path()) /
           "explanation.html";
  const std::string shown = on_server ? store::parse_postgres_url(store).shown : store;
  spec::write_file_atomically(file, report::page_html(report::explanation_page(
                                        why, "Why this net", fmt::format("From the trials in {}.", shown))));
  print_result(options.json ? explanation_json(why).dump(2) + "\n" : report::explanation_text(why));
  print_note(fmt::format("page: {}", file.string()));
}

}  // namespace

void add_explain(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "explain", "Why a search's net won: what choices do, luck, margin, and how the search learnt");
  auto options = std::make_shared<Options>();
  command
      ->add_option("study", options->study,
                   "output folder of effnet search or auto, or a trial store (file or postgresql://...)")
      ->required();
  command->add_option(
      "--output", options->output,
      "the page; default explanation.html beside the trials, or here where they are on a server");
  command->add_flag("--json", options->json, "the result as JSON");
  command->footer(
      "Nothing is trained. Examples:\n  effnet explain runs/search\n  effnet explain runs/demo --json\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
