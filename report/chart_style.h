// The look that all charts share: font sizes, inks, and a palette that survives colour-blindness and grey
// print (Okabe and Ito's colours; every group also has its own marker).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/chart_row.h"

namespace effnet::report {

inline constexpr double kLabelSize = 11;
inline constexpr double kSubtitleSize = 12;
inline constexpr const char* kInk = "#222222";
inline constexpr const char* kQuietInk = "#555555";

struct LegendStyle {
  std::string entry;   // legend_entry() of its rows
  std::string colour;  // "#d55e00"
  std::string shape;   // Vega's name of the marker
  RowGroup group = RowGroup::kFamily;
};

// One style an entry that occurs in the rows: by group, nets trained here first, then in the order of the
// rows.
std::vector<LegendStyle> legend_styles(const std::vector<ChartRow>& rows);

struct ArmLook {
  const char* colour;
  const char* shape;  // Vega's name of the marker
};

ArmLook arm_look(std::size_t arm);  // of a search beside others; repeats after four

std::string_view series_colour(std::size_t index);  // for curves that have no group; repeats after eight

}  // namespace effnet::report
