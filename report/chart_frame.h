// What every chart consists of besides its own marks: frame (title, size, look) and axes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/chart_axes.h"

namespace effnet::report {

struct ChartFrame {
  std::string title;
  std::vector<std::string> subtitle;  // a sentence each; long ones are broken
  int width = 760, height = 470;      // of the plot, pixels
};

// The whole Vega-Lite v6 specification from the chart's rows (a JSON array) and layers (a JSON array).
std::string framed_chart(const ChartFrame& frame, std::string_view values_json, std::string_view layers_json);

// The same with one small plot of the frame's size for each value of the facet's fields (Vega-Lite's "facet" as JSON).
std::string faceted_chart(const ChartFrame& frame, std::string_view values_json, std::string_view facet_json,
                          std::string_view layers_json);

enum class AxisScale { kLinear, kLog };

struct ChartAxis {
  Axis axis;
  AxisScale scale = AxisScale::kLinear;
  std::string title;
  std::string format = "~f";  // of tick labels, d3
};

// A position channel as JSON: field, explicit domain, explicit ticks.
std::string channel_json(const ChartAxis& axis, std::string_view field);

}  // namespace effnet::report
