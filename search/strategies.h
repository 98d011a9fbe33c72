// The strategies by name. A new one is one file and one row in strategies.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "search/objective.h"
#include "search/space.h"
#include "search/strategy.h"

namespace effnet::search {

struct StrategyRow {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Strategy> (*make)(const Space& space, int argument, const Objective& objective);
  int default_argument = 0;  // 0: the strategy takes none
  bool fronts = false;       // whether it can be after a front (objective 'pareto')
};

std::span<const StrategyRow> strategies();

// "evolution", or with an argument "evolution:6" (a population of 6, for a search of few trials). kUsage with a
// suggestion for an unknown name, and with the strategies that can for one that cannot be after a front. The space must
// outlive the strategy. The objective is what turned accuracies into the
// rewards that will be told: strategies that predict accuracies take the cost term out again.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const Space& space,
                                        const Objective& objective = accuracy_only());

std::unique_ptr<Strategy> make_random(const Space& space, int, const Objective&);
std::unique_ptr<Strategy> make_evolution(const Space& space, int population, const Objective&);
std::unique_ptr<Strategy> make_local(const Space& space, int, const Objective&);
std::unique_ptr<Strategy> make_exhaustive(const Space& space, int, const Objective&);
std::unique_ptr<Strategy> make_reinforce(const Space& space, int, const Objective&);
std::unique_ptr<Strategy> make_controller(const Space& space, int, const Objective&);
std::unique_ptr<Strategy> make_predictor(const Space& space, int, const Objective& objective);

}  // namespace effnet::search
