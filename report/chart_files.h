// A chart on the disk: HTML that opens anywhere, SVG, PNG, PDF, and the specification itself.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/picture_renderer.h"
#include "report/text_table.h"

namespace effnet::report {

enum class ChartFormat { kHtml, kSvg, kPng, kPdf, kVegaLite };
std::string_view file_ending(ChartFormat format);       // "html", ..., "vl.json"
ChartFormat parse_chart_format(std::string_view text);  // Error{kUsage} with a did-you-mean

struct ChartFile {
  std::string title;
  std::string specification;  // Vega-Lite, JSON text
  TextTable table;            // the rows, below the chart in the HTML
};

struct WrittenChart {
  std::vector<std::filesystem::path> files;
  std::string note;  // one line about formats that were skipped; empty when all were written
};

// Writes stem + "." + ending for every format, each atomically. Where vl-convert is missing the pictures are
// skipped and the note says so. Error{kEnvironment} when a file cannot be written.
WrittenChart write_chart_files(const ChartFile& chart, const std::filesystem::path& stem,
                               const std::vector<ChartFormat>& formats,
                               const std::vector<std::string>& pythons = chart_pythons());

}  // namespace effnet::report
