#include "report/study_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/text_table.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> choice_names(const std::vector<StudyTrials>& studies) {
  std::vector<std::string> names;
  for (const StudyTrials& study : studies) {
    for (const search::TrialResult& result : study.trials) {
      for (const auto& [name, value] : result.trial.candidate.choices) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
  }
  return names;
}

std::vector<std::string> cells_of(const std::string& study, const search::TrialResult& result) {
  const auto& [trial, outcome, reward, repeat, same_as, finished] = result;
  const spec::Cost& cost = trial.candidate.cost;
  const bool scored = outcome.scored();
  return {study,
          fmt::format("{}", trial.number),
          fmt::format("{}", trial.seed),
          std::string(spec::to_text(outcome.kind)),
          scored ? fmt::format("{}", outcome.accuracy) : "",
          scored ? fmt::format("{}", outcome.loss) : "",
          reward ? fmt::format("{}", *reward) : "",
          fmt::format("{}", cost.macs),
          fmt::format("{}", cost.params),
          fmt::format("{}", cost.activations),
          cost.latency_ns > 0 ? fmt::format("{}", cost.latency_ns) : "",
          fmt::format("{}", trial.budget.pictures),
          fmt::format("{}", trial.budget.epochs),
          fmt::format("{}", outcome.pictures),
          fmt::format("{}", outcome.seconds),
          fmt::format("{}", repeat),
          same_as ? fmt::format("{}", *same_as) : "",
          finished,
          outcome.message,
          spec::to_text(trial.candidate.arch)};
}

Json json_of(const search::TrialResult& result) {
  const auto& [trial, outcome, reward, repeat, same_as, finished] = result;
  const spec::Cost& cost = trial.candidate.cost;
  Json json{{"number", trial.number},
            {"seed", trial.seed},
            {"arch", spec::to_text(trial.candidate.arch)},
            {"choices", Json::parse(spec::choices_json(trial.candidate.choices))},
            {"macs", cost.macs},
            {"params", cost.params},
            {"activations", cost.activations},
            {"budget", {{"pictures", trial.budget.pictures}, {"epochs", trial.budget.epochs}}},
            {"outcome", spec::to_text(outcome.kind)}};
  if (cost.latency_ns > 0) json["latency_ns"] = cost.latency_ns;
  if (outcome.scored()) {
    json["accuracy"] = outcome.accuracy;
    json["loss"] = outcome.loss;
  } else {
    json["message"] = outcome.message;
  }
  if (!outcome.rungs.empty()) json["rungs"] = outcome.rungs;
  json["reward"] = reward ? Json(*reward) : Json(nullptr);
  json["pictures"] = outcome.pictures;
  json["seconds"] = outcome.seconds;
  json["repeat"] = repeat;
  json["same_as"] = same_as ? Json(*same_as) : Json(nullptr);
  json["finished"] = finished;
  return json;
}

}  // namespace

std::string study_csv(const std::vector<StudyTrials>& studies) {
  const std::vector<std::string> names = choice_names(studies);
  std::vector<Column> columns;
  for (const char* name :
       {"study",   "number", "seed",        "outcome",    "accuracy",        "loss",          "reward",
        "macs",    "params", "activations", "latency_ns", "budget_pictures", "budget_epochs", "pictures",
        "seconds", "repeat", "same_as",     "finished",   "message",         "arch"}) {
    columns.push_back({name});
  }
  for (const std::string& name : names) columns.push_back({name});
  TextTable table(columns);
  for (const StudyTrials& study : studies) {
    for (const search::TrialResult& result : study.trials) {
      std::vector<std::string> cells = cells_of(study.config.name, result);
      const spec::Choices& choices = result.trial.candidate.choices;
      for (const std::string& name : names) {
        const auto value = choices.find(name);
        cells.push_back(value == choices.end() ? "" : spec::to_text(value->second));
      }
      table.add_row(std::move(cells));
    }
  }
  return table.to_csv();
}

std::string study_json(const std::vector<StudyTrials>& studies) {
  Json json{{"schema", "effnet.study/1"}, {"studies", Json::array()}};
  for (const StudyTrials& study : studies) {
    Json trials = Json::array();
    for (const search::TrialResult& result : study.trials) trials.push_back(json_of(result));
    json["studies"].push_back({{"name", study.config.name},
                               {"seed", study.config.seed},
                               {"config", Json::parse(search::config_json(study.config))},
                               {"trials", std::move(trials)}});
  }
  return json.dump(2) + "\n";
}

}  // namespace effnet::report
