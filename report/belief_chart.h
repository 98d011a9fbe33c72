// How a search learnt: what its strategy thought of each value of each choice over the trials, one small plot a choice, one
// row a stage.
#pragma once

#include <string>
#include <vector>

namespace effnet::report {

struct BeliefCurve {
  std::string stage, key, value;  // "stage1", "kernel", "3"
  std::vector<double> y;          // one a point of time
};

struct BeliefChart {
  std::string title = "How the search learnt";
  std::vector<std::string> notes;
  std::string y_title;
  bool probability = true;  // y within 0 .. 1; else around 0
};

// Vega-Lite v6 as JSON text. `trials`: told at each point of time. Error{kUsage} without curves.
std::string belief_chart(const std::vector<int>& trials, const std::vector<BeliefCurve>& curves,
                         const BeliefChart& options);

}  // namespace effnet::report
