// What the values of choices do: a point and an interval a value, a block a choice.
#pragma once

#include <string>
#include <vector>

namespace effnet::report {

struct EffectRow {
  std::string choice, value;  // "stage1.kernel", "3"
  double mean = 0, low = 0, high = 0;
  std::string note;  // for the tooltip
};

struct EffectsChart {
  std::string title = "What each value of a choice is worth";
  std::vector<std::string> notes;
  std::string effect_title = "Points of accuracy against the choice's mean";
  int width = 520;
};

// Vega-Lite v6 as JSON text; rows of one choice lie together. Error{kUsage} without rows.
std::string effects_chart(const std::vector<EffectRow>& rows, const EffectsChart& options = {});

}  // namespace effnet::report
