#include "report/optuna_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

enum Operation { kCreateStudy = 0, kSetStudyUserAttribute = 2, kCreateTrial = 4 };
enum State { kComplete = 1, kPruned = 2, kFailed = 3 };
constexpr int kMaximise = 2;

using ValuesByName = std::map<std::string, std::vector<spec::ChoiceValue>>;

ValuesByName values_of(const std::vector<search::TrialResult>& trials) {
  ValuesByName all;
  for (const search::TrialResult& result : trials) {
    for (const auto& [name, value] : result.trial.candidate.choices) {
      std::vector<spec::ChoiceValue>& values = all[name];
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
  }
  for (auto& [name, values] : all) std::sort(values.begin(), values.end());
  return all;
}

Json json_of(const spec::ChoiceValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const double number = std::get<double>(value);
  const auto whole = static_cast<std::int64_t>(number);
  return static_cast<double>(whole) == number ? Json(whole) : Json(number);
}

std::string distribution(const std::vector<spec::ChoiceValue>& values) {
  Json choices = Json::array();
  for (const spec::ChoiceValue& value : values) choices.push_back(json_of(value));
  return Json{{"name", "CategoricalDistribution"}, {"attributes", {{"choices", choices}}}}.dump();
}

// "2026-11-29T04:05:06Z" less some seconds, as Python's datetime.fromisoformat reads it.
std::string time_before(const std::string& finished, double seconds) {
  std::tm parts{};
  if (!strptime(finished.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts)) return "1970-01-01T00:00:00+00:00";
  const auto micros = static_cast<std::int64_t>(timegm(&parts)) * 1'000'000 -
                      static_cast<std::int64_t>(std::min(seconds, 1e9) * 1e6);
  const std::time_t whole = static_cast<std::time_t>(micros / 1'000'000);
  std::tm moment{};
  gmtime_r(&whole, &moment);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &moment);
  return fmt::format("{}.{:06}+00:00", text, micros % 1'000'000);
}

Json operation(Operation code) {
  return {{"op_code", static_cast<int>(code)}, {"worker_id", "effnet"}};
}

State state_of(const search::TrialResult& result) {
  if (result.outcome.kind == spec::OutcomeKind::kStoppedEarly) return kPruned;
  return result.reward ? kComplete : kFailed;
}

// Accuracies at rungs, by epoch.
Json intermediate_values(const search::StudyConfig& config, const spec::Outcome& outcome) {
  Json values = Json::object();
  const std::vector<int> epochs = search::rung_epochs(config.early_stop, config.budget.epochs);
  for (std::size_t i = 0; i < std::min(epochs.size(), outcome.rungs.size()); ++i)
    values[fmt::format("{}", epochs[i])] = outcome.rungs[i];
  return values;
}

Json trial_operation(int study_id, const search::StudyConfig& config, const search::TrialResult& result,
                     const ValuesByName& values) {
  const auto& [trial, outcome, reward, repeat, same_as, finished] = result;
  Json line = operation(kCreateTrial);
  line["study_id"] = study_id;
  line["datetime_start"] = time_before(finished, outcome.seconds);
  line["datetime_complete"] = time_before(finished, 0);
  line["state"] = static_cast<int>(state_of(result));
  line["value"] = reward ? Json(*reward) : Json(nullptr);
  line["values"] = nullptr;
  line["distributions"] = Json::object();
  line["params"] = Json::object();
  for (const auto& [name, value] : trial.candidate.choices) {
    const std::vector<spec::ChoiceValue>& all = values.at(name);
    line["distributions"][name] = distribution(all);
    line["params"][name] = std::find(all.begin(), all.end(), value) - all.begin();
  }
  line["user_attrs"] = {
      {"number", trial.number},
      {"arch", spec::to_text(trial.candidate.arch)},
      {"macs", trial.candidate.cost.macs},
      {"params", trial.candidate.cost.params},
      {"seed", fmt::format("{}", trial.seed)},  // 64 bits: beyond what a browser counts exactly

      {"outcome", spec::to_text(outcome.kind)}};
  if (outcome.scored()) line["user_attrs"]["accuracy"] = outcome.accuracy;
  if (!outcome.message.empty()) line["user_attrs"]["message"] = outcome.message;
  if (same_as) line["user_attrs"]["same_as"] = *same_as;
  line["system_attrs"] = Json::object();
  line["intermediate_values"] = intermediate_values(config, outcome);
  return line;
}

}  // namespace

std::string optuna_journal(const std::vector<StudyTrials>& studies) {
  std::string text;
  const auto add = [&](const Json& line) { text += line.dump() + "\n"; };
  for (std::size_t id = 0; id < studies.size(); ++id) {
    const auto& [config, trials] = studies[id];
    Json create = operation(kCreateStudy);
    create["study_name"] = config.name;
    create["directions"] = {kMaximise};
    add(create);
    Json attribute = operation(kSetStudyUserAttribute);
    attribute["study_id"] = id;
    attribute["user_attr"] = {{"effnet", Json::parse(search::config_json(config))}};
    add(attribute);
    const ValuesByName values = values_of(trials);
    for (const search::TrialResult& result : trials)
      add(trial_operation(static_cast<int>(id), config, result, values));
  }
  return text;
}

}  // namespace effnet::report
