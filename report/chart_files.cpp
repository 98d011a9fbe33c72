#include "report/chart_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/page.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::report {
namespace {

constexpr std::array<std::pair<ChartFormat, std::string_view>, 5> kEndings{
    {{ChartFormat::kHtml, "html"},
     {ChartFormat::kSvg, "svg"},
     {ChartFormat::kPng, "png"},
     {ChartFormat::kPdf, "pdf"},
     {ChartFormat::kVegaLite, "vl.json"}}};

bool is_picture(ChartFormat format) {
  return format != ChartFormat::kHtml && format != ChartFormat::kVegaLite;
}

std::string chart_html(const ChartFile& chart) {
  return page_html({.title = chart.title,
                    .lead = {},
                    .parts = {PageChart{chart.specification, "Point at a marker to see its row."},
                              PageTable{"The rows of the chart.", chart.table}}});
}

}  // namespace

std::string_view file_ending(ChartFormat format) {
  return std::find_if(kEndings.begin(), kEndings.end(), [&](const auto& e) { return e.first == format; })
      ->second;
}

ChartFormat parse_chart_format(std::string_view text) {
  std::vector<std::string> known;
  for (const auto& [format, ending] : kEndings) {
    if (text == ending) return format;
    known.emplace_back(ending);
  }
  throw spec::Error(spec::ErrorKind::kUsage, "chart format", fmt::format("'{}' is not known", text),
                    spec::did_you_mean(text, known));
}

WrittenChart write_chart_files(const ChartFile& chart, const std::filesystem::path& stem,
                               const std::vector<ChartFormat>& formats,
                               const std::vector<std::string>& pythons) {
  WrittenChart written;
  const auto write = [&](std::string_view ending, std::string_view bytes) {
    std::filesystem::path file = stem;
    file += fmt::format(".{}", ending);
    spec::write_file_atomically(file, bytes);
    written.files.push_back(file);
  };
  std::vector<std::string> endings;
  for (const ChartFormat format : formats) {
    if (format == ChartFormat::kHtml) write(file_ending(format), chart_html(chart));
    if (format == ChartFormat::kVegaLite) write(file_ending(format), chart.specification);
    if (is_picture(format)) endings.emplace_back(file_ending(format));
  }
  const Pictures pictures = render_pictures(chart.specification, endings, pythons);
  for (const auto& [ending, bytes] : pictures.bytes) write(ending, bytes);
  if (!pictures.note.empty()) {
    std::string skipped;
    for (const std::string& ending : endings) {
      const auto drawn = std::any_of(pictures.bytes.begin(), pictures.bytes.end(),
                                     [&](const auto& picture) { return picture.first == ending; });
      if (!drawn) skipped += (skipped.empty() ? "" : ", ") + ending;
    }
    written.note = fmt::format("skipped {}: {}", skipped, pictures.note);
  }
  return written;
}

}  // namespace effnet::report
