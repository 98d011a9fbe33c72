#include "report/published_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "report/published_tables.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::report {
namespace {

constexpr std::string_view kHeader = "name,label,group,series,resolution,params,macs,top1,top5,note";

spec::Error bad(std::string_view where, std::string_view message) {
  return {spec::ErrorKind::kBadData, where, message, "report/published_rows.h describes the form"};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// One RFC 4180 line; a quoted cell may hold commas and doubled quotes, but no line break.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::optional<double> number(const std::string& cell, std::string_view where) {
  if (cell.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value) || value < 0)
    throw bad(where, fmt::format("'{}' is not a number of 0 or more", cell));
  return value;
}

double percent(const std::string& cell, std::string_view where) {
  const std::optional<double> value = number(cell, where);
  if (!value || *value > 100) throw bad(where, fmt::format("accuracy '{}' is not in 0..100 percent", cell));
  return *value;
}

// "# key: value" at the top of the file.
std::string preamble(std::string_view csv, std::string_view key, std::string_view where) {
  const std::string start = fmt::format("# {}: ", key);
  for (const std::string_view line : lines_of(csv))
    if (line.starts_with(start)) return std::string(line.substr(start.size()));
  throw bad(where, fmt::format("has no line '{}...'", start));
}

ChartRow row_of(const std::vector<std::string>& cells, std::string_view where) {
  const double resolution = number(cells[4], where).value_or(0);
  if (resolution > 8192) throw bad(where, fmt::format("resolution '{}' is above 8192 pixels", cells[4]));
  ChartRow row{.name = cells[0],
               .label = cells[1],
               .group = parse_group(cells[2], where),
               .source = RowSource::kPublished,
               .series = cells[3],
               .note = cells[9],
               .resolution = static_cast<int>(resolution),
               .params = number(cells[5], where),
               .macs = number(cells[6], where),
               .top1 = percent(cells[7], where)};
  if (!cells[8].empty()) row.top5 = percent(cells[8], where);
  return row;
}

}  // namespace

std::vector<PublishedTable> published_tables() {
  std::vector<PublishedTable> tables;
  for (const auto& [id, csv] : published_csv_files()) {
    tables.push_back({std::string(id), preamble(csv, "title", id), preamble(csv, "source", id),
                      preamble(csv, "dataset", id)});
  }
  return tables;
}

std::vector<ChartRow> published_rows(std::string_view table) {
  std::vector<std::string> known;
  for (const auto& [id, csv] : published_csv_files()) {
    if (id == table) return parse_published(csv, id);
    known.emplace_back(id);
  }
  throw spec::Error(spec::ErrorKind::kUsage, "published table", fmt::format("'{}' is not known", table),
                    spec::did_you_mean(table, known));
}

std::vector<ChartRow> parse_published(std::string_view csv, std::string_view where) {
  const std::string source = preamble(csv, "source", where);
  const std::string dataset = preamble(csv, "dataset", where);
  std::vector<ChartRow> rows;
  bool header_seen = false;
  int line_number = 0;
  for (const std::string_view line : lines_of(csv)) {
    ++line_number;
    const std::string here = fmt::format("{}:{}", where, line_number);
    if (line.empty() || line.starts_with('#')) continue;
    if (!header_seen) {
      if (line != kHeader) throw bad(here, fmt::format("the header should be '{}'", kHeader));
      header_seen = true;
      continue;
    }
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != 10) throw bad(here, fmt::format("has {} cells; 10 are expected", cells.size()));
    rows.push_back(row_of(cells, here));
    rows.back().provenance = source;
    rows.back().dataset = dataset;
  }
  return rows;
}

}  // namespace effnet::report
