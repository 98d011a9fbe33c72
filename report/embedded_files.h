// Files of the project that the program carries inside itself, mapped with its read-only data and never
// touched until asked for.
#pragma once

#include <string_view>

namespace effnet::report {

std::string_view vega_bundle();          // report/vega/vega-bundle.js: vega, vegaLite, vegaEmbed on window
std::string_view render_chart_script();  // scripts/render_chart.py

}  // namespace effnet::report
