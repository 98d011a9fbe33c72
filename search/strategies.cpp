#include "search/strategies.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

constexpr std::array<StrategyRow, 3> kStrategies{{
    {"random", "every member equally likely; the arm to compare with", make_random},
    {"evolution", "regularised evolution: mutate the best of 5 out of the last 20", make_evolution},
    {"reinforce", "policy gradient on one softmax a choice", make_reinforce},
}};

}  // namespace

std::span<const StrategyRow> strategies() {
  return kStrategies;
}

std::unique_ptr<Strategy> make_strategy(std::string_view name, const Space& space) {
  std::vector<std::string> known;
  for (const StrategyRow& row : kStrategies) {
    if (row.name == name) return row.make(space);
    known.emplace_back(row.name);
  }
  throw spec::Error(spec::ErrorKind::kUsage, "--strategy", fmt::format("unknown strategy '{}'", name),
                    spec::did_you_mean(name, known));
}

}  // namespace effnet::search
