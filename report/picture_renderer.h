// SVG, PNG and PDF of a Vega-Lite specification, drawn by vl-convert in a child process: the first Python of a
// list that has it runs scripts/render_chart.py, which the program carries inside itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace effnet::report {

// The Python of the build (EFFNET_CHART_PYTHON), then python3 of the path.
std::vector<std::string> chart_pythons();

struct Pictures {
  std::vector<std::pair<std::string, std::string>> bytes;  // ("svg", file content), in the order asked for
  std::string note;                                        // why there are none; empty when drawn
};

// `endings`: "svg", "png", "pdf". A missing Python or package is a note, not an error. Waits at most 120 s.
Pictures render_pictures(std::string_view specification, const std::vector<std::string>& endings,
                         const std::vector<std::string>& pythons);

}  // namespace effnet::report
