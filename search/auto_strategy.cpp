#include "search/auto_strategy.h"

#include <fmt/format.h>

#include "search/strategies.h"
#include "search/study.h"

namespace effnet::search {
namespace {

constexpr int kTooFewToLearn = 5;       // the predictor's own random start
constexpr int kTooManyToModel = 5'000;  // some 50 ms an ask, and its model keeps 300 nets

}  // namespace

StrategyChoice choose_strategy(const Space& space, int trials) {
  if (space.size() <= trials) {
    return {"exhaustive", fmt::format("{} trials are enough for each of the {:.0f} nets of the space", trials,
                                      space.size())};
  }
  if (trials <= kTooFewToLearn) {
    return {"random", fmt::format("{} {} too few to learn from: more than {} are needed", trials,
                                  trials == 1 ? "trial is" : "trials are", kTooFewToLearn)};
  }
  if (trials <= kTooManyToModel) {
    return {"predictor",
            fmt::format("for {} trials in a space of {:.3g} nets it needs the fewest of all strategies",
                        trials, space.size())};
  }
  return {"evolution",
          fmt::format("beyond {} trials the predictor's model would forget most of them", kTooManyToModel)};
}

void check_strategy(const std::string& name, const Space& space, int trials, const Objective& objective) {
  for (const spec::CostKind kind : costs_of(objective)) space.require(kind);
  make_strategy(name == kAutoStrategy ? choose_strategy(space, trials).name : name, space, objective);
}

StrategyChoice settle_strategy(const std::string& name, const Space& space, int trials,
                               const store::TrialStore& store, std::string_view study) {
  if (name != kAutoStrategy) return {name, ""};
  for (const store::StudyRecord& record : store.studies()) {
    if (record.name != study) continue;
    const StudyConfig config = config_from_record(record);
    return {config.strategy, config.strategy_why};
  }
  return choose_strategy(space, trials);
}

}  // namespace effnet::search
