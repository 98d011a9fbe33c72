#include "spec/trial.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "spec/error.h"

namespace effnet::spec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<OutcomeKind, 6> kOutcomeKinds{OutcomeKind::kScored,   OutcomeKind::kStoppedEarly,
                                                   OutcomeKind::kDiverged, OutcomeKind::kOutOfMemory,
                                                   OutcomeKind::kTimedOut, OutcomeKind::kCrashed};

Json json_of(const Choices& choices) {
  Json json = Json::object();
  for (const auto& [name, value] : choices) {
    std::visit([&, key = name](const auto& v) { json[key] = v; }, value);
  }
  return json;
}

Choices choices_of(const Json& json) {
  Choices choices;
  for (const auto& [name, value] : json.items()) {
    if (value.is_number())
      choices[name] = value.get<double>();
    else
      choices[name] = value.get<std::string>();
  }
  return choices;
}

// Runs `read` on the parsed text; whatever nlohmann throws becomes one kind of error.
template <class Read>
auto with_json(std::string_view text, std::string_view where, Read&& read) {
  try {
    return read(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, where,
                fmt::format("'{}' is not what was expected: {}", text.substr(0, 120), error.what()));
  }
}

void check_accuracy(double accuracy, std::string_view where) {
  if (std::isfinite(accuracy) && accuracy >= 0 && accuracy <= 100) return;
  throw Error(ErrorKind::kBadData, where, fmt::format("accuracy {} is not a percentage", accuracy));
}

std::uint64_t split_mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::string to_text(const ChoiceValue& value) {
  if (const double* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return std::get<std::string>(value);
}

std::string choices_json(const Choices& choices) {
  return json_of(choices).dump();
}

Choices choices_from_json(std::string_view json, std::string_view where) {
  return with_json(json, where, [](const Json& parsed) { return choices_of(parsed); });
}

std::string_view to_text(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kScored:
      return "scored";
    case OutcomeKind::kStoppedEarly:
      return "stopped-early";
    case OutcomeKind::kDiverged:
      return "diverged";
    case OutcomeKind::kOutOfMemory:
      return "out-of-memory";
    case OutcomeKind::kTimedOut:
      return "timed-out";
    case OutcomeKind::kCrashed:
      return "crashed";
  }
  return "?";
}

OutcomeKind parse_outcome_kind(std::string_view text, std::string_view where) {
  for (const OutcomeKind kind : kOutcomeKinds) {
    if (to_text(kind) == text) return kind;
  }
  throw Error(ErrorKind::kBadData, where, fmt::format("unknown outcome '{}'", text));
}

std::string trial_json(const Trial& trial) {
  Json json;
  json["trial"] = trial.number;
  json["arch"] = to_text(trial.candidate.arch);
  json["choices"] = json_of(trial.candidate.choices);
  json["macs"] = trial.candidate.cost.macs;
  json["params"] = trial.candidate.cost.params;
  if (trial.candidate.cost.latency_ns > 0) json["latency_ns"] = trial.candidate.cost.latency_ns;
  json["seed"] = trial.seed;
  json["budget"] = {{"pictures", trial.budget.pictures}, {"epochs", trial.budget.epochs}};
  for (const Rung& rung : trial.rungs)
    json["rungs"].push_back({{"epoch", rung.epoch}, {"least", rung.least}});
  return json.dump();
}

Trial trial_from_json(std::string_view text, std::string_view where) {
  return with_json(text, where, [&](const Json& json) {
    Trial trial;
    trial.number = json.at("trial").get<int>();
    trial.seed = json.at("seed").get<std::uint64_t>();
    trial.candidate.arch = parse_arch(json.at("arch").get<std::string>(), where);
    trial.candidate.choices = choices_of(json.value("choices", Json::object()));
    trial.candidate.cost.macs = json.value("macs", std::int64_t{0});
    trial.candidate.cost.params = json.value("params", std::int64_t{0});
    trial.candidate.cost.latency_ns = json.value("latency_ns", std::int64_t{0});
    trial.budget.pictures = json.at("budget").at("pictures").get<std::int64_t>();
    trial.budget.epochs = json.at("budget").at("epochs").get<int>();
    for (const Json& rung : json.value("rungs", Json::array()))
      trial.rungs.push_back({rung.at("epoch").get<int>(), rung.at("least").get<double>()});
    return trial;
  });
}

std::string outcome_json(int trial, const Outcome& outcome) {
  Json json;
  json["trial"] = trial;
  if (outcome.scored()) {
    json["accuracy"] = outcome.accuracy;
    json["loss"] = outcome.loss;
  } else {
    json["error"] = to_text(outcome.kind);
    json["message"] = outcome.message;
  }
  if (!outcome.rungs.empty()) json["rungs"] = outcome.rungs;
  json["pictures"] = outcome.pictures;
  json["seconds"] = outcome.seconds;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Outcome outcome_from_json(std::string_view text, int expected_trial, std::string_view where) {
  return with_json(text, where, [&](const Json& json) {
    if (const int trial = json.at("trial").get<int>(); trial != expected_trial) {
      throw Error(ErrorKind::kBadData, where,
                  fmt::format("an answer to trial {} where {} was asked", trial, expected_trial));
    }
    Outcome outcome;
    outcome.pictures = json.value("pictures", std::int64_t{0});
    outcome.seconds = json.value("seconds", 0.0);
    outcome.rungs = json.value("rungs", std::vector<double>{});
    for (const double accuracy : outcome.rungs) check_accuracy(accuracy, where);
    if (json.contains("error")) {
      outcome.kind = parse_outcome_kind(json.at("error").get<std::string>(), where);
      outcome.message = json.value("message", std::string());
      return outcome;
    }
    outcome.accuracy = json.at("accuracy").get<double>();
    outcome.loss = json.value("loss", 0.0);
    check_accuracy(outcome.accuracy, where);
    return outcome;
  });
}

std::uint64_t derive_seed(std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a over the stream's name
  for (const char c : stream) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return split_mix(split_mix(seed ^ hash) + split_mix(index));
}

}  // namespace effnet::spec
