// The JSON form of a StudyConfig, as the trial store keeps and compares it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "search/objective_json.h"
#include "search/study.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTakeOver = "take over";
constexpr std::string_view kTrainAgain = "train again";

}  // namespace

std::string config_json(const StudyConfig& config) {
  Json json;
  json["strategy"] = config.strategy;
  if (!config.strategy_why.empty()) json["strategy_why"] = config.strategy_why;
  json["lag"] = config.lag;
  json["budget"] = {{"pictures", config.budget.pictures}, {"epochs", config.budget.epochs}};
  json["objective"] = Json::parse(objective_json(config.objective));
  json["identical_nets"] = config.identical == IdenticalNets::kTakeOver ? kTakeOver : kTrainAgain;
  if (config.early_stop != EarlyStop::kNone) json["early_stop"] = to_text(config.early_stop);
  json["details"] = Json::parse(config.details_json);
  return json.dump();
}

StudyConfig config_from_record(const store::StudyRecord& record) {
  const std::string where = fmt::format("study '{}'", record.name);
  try {
    const Json json = Json::parse(record.config_json);
    StudyConfig config;
    config.name = record.name;
    config.seed = record.seed;
    config.strategy = json.at("strategy").get<std::string>();
    config.strategy_why = json.value("strategy_why", "");
    config.lag = json.at("lag").get<int>();
    config.budget = {json.at("budget").at("pictures").get<std::int64_t>(),
                     json.at("budget").at("epochs").get<int>()};
    config.objective = objective_from_json(json.at("objective").dump(), where);
    config.identical =
        json.at("identical_nets") == kTakeOver ? IdenticalNets::kTakeOver : IdenticalNets::kTrainAgain;
    config.early_stop = parse_early_stop(json.value("early_stop", "none"), where);
    config.details_json = json.at("details").dump();
    return config;
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("its configuration is not understood: {}", error.what()));
  }
}

}  // namespace effnet::search
