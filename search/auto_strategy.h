// Which strategy a search takes when none is named: "auto".
#pragma once

#include <string>
#include <string_view>

#include "search/objective.h"
#include "search/space.h"
#include "store/trial_store.h"

namespace effnet::search {

inline constexpr std::string_view kAutoStrategy = "auto";

struct StrategyChoice {
  std::string name;  // as make_strategy() takes it
  std::string why;   // one sentence; empty when the user named the strategy
};

// By the size of the space and the number of trials (docs/strategies.md has the figures behind it).
StrategyChoice choose_strategy(const Space& space, int trials);

// kUsage for a name ("auto" is one) or an argument that is none, and as make_strategy().
void check_strategy(const std::string& name, const Space& space, int trials,
                    const Objective& objective = accuracy_only());

// What `name` stands for in a study of the store: itself, and for "auto" what was chosen when the study began, so that more
// trials do not change it; choose_strategy() for a study that has not begun.
StrategyChoice settle_strategy(const std::string& name, const Space& space, int trials,
                               const store::TrialStore& store, std::string_view study);

}  // namespace effnet::search
