// What the best net so far lacked to the best of all, trial by trial: the search, the random arm, and what random searches
// get by luck.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace effnet::report {

struct RegretArm {
  std::string name;
  std::vector<std::optional<double>> points;  // after each trial; absent until one was scored
};

struct RegretBand {  // after each trial
  double low = 0, high = 0;
};

struct RegretChart {
  std::string title = "What the best so far lacked to the best of all";
  std::vector<std::string> notes;
  std::string band_name = "random search, nine times of ten";
  int width = 680, height = 300;
};

// Vega-Lite v6 as JSON text. The first arm is the search. Error{kUsage} when no trial was scored.
std::string regret_chart(const std::vector<RegretArm>& arms, const std::vector<RegretBand>& band,
                         const RegretChart& options = {});

}  // namespace effnet::report
