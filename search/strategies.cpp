#include "search/strategies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "search/auto_strategy.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

constexpr std::array<StrategyRow, 7> kStrategies{{
    {"exhaustive", "every net once, in random order", make_exhaustive, 0, true},
    {"random", "every member equally likely; the arm to compare with", make_random, 0, true},
    {"evolution", "regularised evolution: mutate the best of a quarter of the last 20 (evolution:N: of N)",
     make_evolution, 20, true},
    {"local", "climbs by single changes, from a new random net when at a top", make_local},
    {"reinforce", "policy gradient on one softmax a choice", make_reinforce},
    {"controller", "an LSTM that decides choice after choice and learns by PPO, as NASNet's and MnasNet's",
     make_controller},
    {"predictor", "Gaussian process on choices and cost, asks for the greatest expected improvement",
     make_predictor, 0, true},
}};

int parse_argument(const StrategyRow& row, std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = error == std::errc() && end == text.data() + text.size();
  if (row.default_argument == 0 || !number || value < 2 || value > 10'000) {
    throw spec::Error(spec::ErrorKind::kUsage, "--strategy",
                      fmt::format("'{}' is no argument of '{}'", text, row.name),
                      row.default_argument == 0 ? "it takes none" : "a number from 2 to 10000 is expected");
  }
  return value;
}

void check_can(const StrategyRow& row, const Objective& objective) {
  if (row.fronts || objective.form != ObjectiveForm::kPareto) return;
  std::vector<std::string_view> able;
  for (const StrategyRow& other : kStrategies) {
    if (other.fronts) able.push_back(other.name);
  }
  throw spec::Error(
      spec::ErrorKind::kUsage, "--strategy",
      fmt::format("'{}' follows one reward and cannot be after a front (objective pareto)", row.name),
      fmt::format("those that can: {}", fmt::join(able, ", ")));
}

}  // namespace

std::span<const StrategyRow> strategies() {
  return kStrategies;
}

std::unique_ptr<Strategy> make_strategy(std::string_view name_and_argument, const Space& space,
                                        const Objective& objective) {
  const std::size_t colon = name_and_argument.find(':');
  const std::string_view name = name_and_argument.substr(0, colon);
  std::vector<std::string> known{std::string(kAutoStrategy)};
  for (const StrategyRow& row : kStrategies) {
    known.emplace_back(row.name);
    if (row.name != name) continue;
    check_can(row, objective);
    if (colon == std::string_view::npos) return row.make(space, row.default_argument, objective);
    return row.make(space, parse_argument(row, name_and_argument.substr(colon + 1)), objective);
  }
  throw spec::Error(spec::ErrorKind::kUsage, "--strategy", fmt::format("unknown strategy '{}'", name),
                    spec::did_you_mean(name, known));
}

}  // namespace effnet::search
