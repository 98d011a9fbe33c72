// How a search went: the reward of every trial, the best so far as a step line, the random arm beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace effnet::report {

struct ProgressTrial {
  int number = 0;
  std::optional<double> reward;  // absent: the trial failed
  std::string what;              // for the tooltip: choices, accuracy, or why it failed
};

struct SearchArm {
  std::string name;
  std::vector<ProgressTrial> trials;
};

struct SearchChart {
  std::string title = "Reward over the trials of the search";
  std::vector<std::string> notes;
  std::string reward_title = "Reward";
  int width = 680, height = 340;
};

// Vega-Lite v6 as JSON text. The first arm is the search, further ones what it is compared with. Error{kUsage}
// when no trial has a reward.
std::string search_chart(const std::vector<SearchArm>& arms, const SearchChart& options = {});

}  // namespace effnet::report
