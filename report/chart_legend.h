// A legend in rows between title and plot, drawn with ordinary marks at pixel positions: the renderer's own
// legends cannot show a line with its marker, or hollow beside filled.
#pragma once

#include <string>
#include <vector>

namespace effnet::report {

enum class LegendMark { kFilled, kHollow, kLine, kDashedLine, kFilledOnLine, kHollowOnLine };

struct LegendItem {
  std::string text;
  std::string colour;
  std::string shape = "circle";
  LegendMark mark = LegendMark::kFilled;
};

// JSON array of Vega-Lite layers, to be appended to the layers of a chart `width` pixels wide.
std::string legend_layers(const std::vector<LegendItem>& items, int width);

}  // namespace effnet::report
