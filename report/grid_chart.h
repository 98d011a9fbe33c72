// The coefficient grid: accuracy of every trained point against its realised cost, with the winner and those
// that noise cannot tell from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace effnet::report {

enum class GridStanding {
  kWinner,
  kWithinNoise,  // not distinguishable from the winner
  kBehind,
  kOtherCost,  // realised cost too far off to be compared
};

struct GridPoint {
  double alpha = 1, beta = 1, gamma = 1;
  double cost_ratio = 1;  // counted MACs of the realised net over the baseline's
  double accuracy = 0;    // percent; the mean when there are several seeds
  std::optional<double> low, high;
  GridStanding standing = GridStanding::kBehind;
  std::string note;  // for the tooltip
};

struct GridChart {
  std::string title = "Coefficient grid: accuracy against realised cost";
  std::vector<std::string> notes;
  double noise = 0;  // percent points; 0: no band is drawn
  int width = 680, height = 380;
};

// Vega-Lite v6 as JSON text. The winner and those within noise are labelled "alpha / beta / gamma".
// Error{kUsage} when there are no points.
std::string grid_chart(const std::vector<GridPoint>& points, const GridChart& options = {});

}  // namespace effnet::report
