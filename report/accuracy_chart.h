// The chart of the project: top-1 accuracy against parameters or multiply-adds (log axis), as a Vega-Lite v6
// specification. A family is a line through its members in order of cost; groups differ by colour and marker;
// published rows are filled and nets trained here hollow; a bar spans the lowest and highest seed.
#pragma once

#include <string>
#include <vector>

#include "report/chart_row.h"

namespace effnet::report {

enum class ChartX { kParams, kMacs };

struct AccuracyChart {
  ChartX x = ChartX::kParams;
  std::string title;               // empty: "Accuracy against parameters"
  std::vector<std::string> notes;  // more lines under the title
  int width = 760, height = 470;   // of the plot, pixels
};

// JSON text. The subtitle says data set, sources, what was trained here and on how many seeds; rows without
// the x value are named there instead of being drawn. Error{kUsage} when no row can be drawn, or when the
// rows are of more than one data set (their accuracies do not compare).
std::string accuracy_chart(const std::vector<ChartRow>& rows, const AccuracyChart& options = {});

// The rows of each data set, in order of first appearance: one chart each.
std::vector<std::vector<ChartRow>> split_by_dataset(const std::vector<ChartRow>& rows);

}  // namespace effnet::report
