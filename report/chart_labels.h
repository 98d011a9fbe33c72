// Placed labels as chart layers: leaders, a white halo, the texts. Positions stay in pixels, which is exact
// because every chart fixes its size and its axes.
#pragma once

#include <string>
#include <vector>

#include "report/label_layout.h"

namespace effnet::report {

struct LabelText {
  std::string text;
  std::string colour = "#333333";
  bool bold = false;
};

// JSON array of Vega-Lite layers; texts and placed go together index by index, labels not shown are left out.
std::string label_layers(const std::vector<PlacedLabel>& placed, const std::vector<LabelText>& texts);

}  // namespace effnet::report
