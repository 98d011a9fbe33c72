// Accuracy against cost of everything that was tried, with the nets that nothing else beats in both.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace effnet::report {

struct ParetoPoint {
  double cost = 0;      // multiply-adds or parameters, above 0
  double accuracy = 0;  // percent
  std::string arm;      // a colour each, in order of appearance
  std::string what;     // for the tooltip
  bool on_front = false;
  bool winner = false;
};

struct ParetoChart {
  std::string title = "Accuracy against cost of all trials";
  std::vector<std::string> notes;
  std::string cost_title = "Multiply-adds";
  std::optional<double> target;  // a line at this cost
  int width = 680, height = 360;
};

// Vega-Lite v6 as JSON text. Error{kUsage} without points.
std::string pareto_chart(const std::vector<ParetoPoint>& points, const ParetoChart& options = {});

}  // namespace effnet::report
