// effnet chart: accuracy against parameters or multiply-adds, of run folders and published tables.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/run_records.h"
#include "report/accuracy_chart.h"
#include "report/chart_files.h"
#include "report/published_rows.h"
#include "report/row_table.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;
using spec::Error;
using spec::ErrorKind;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> runs, published, formats{"html", "svg", "png"};
  std::string x = "params", output = "chart", title;
  bool list = false, csv = false, json = false;
};

std::string list_text() {
  report::TextTable table({{"table"}, {"data"}, {"what"}, {"source"}});
  for (const report::PublishedTable& t : report::published_tables())
    table.add_row({t.id, t.dataset, t.title, t.source});
  return table.to_text();
}

Json json_of(const report::ChartRow& row) {
  Json json{{"name", row.name},
            {"group", report::to_text(row.group)},
            {"source", report::to_text(row.source)},
            {"dataset", row.dataset},
            {"resolution", row.resolution},
            {"top1", row.top1},
            {"seeds", row.seeds},
            {"from", row.provenance}};
  const auto add = [&](const char* key, const std::optional<double>& value) {
    json[key] = value ? Json(*value) : Json(nullptr);
  };
  add("params", row.params);
  add("macs", row.macs);
  add("top5", row.top5);
  add("top1_lowest", row.top1_low);
  add("top1_highest", row.top1_high);
  return json;
}

std::vector<report::ChartRow> rows_of(const Options& options) {
  std::vector<spec::RunRecord> records;
  for (const std::string& folder : options.runs) {
    const std::vector<spec::RunRecord> found = read_run_records(folder);
    if (found.empty()) {
      throw Error(ErrorKind::kBadData, folder, "holds no finished run (no results.json)",
                  "effnet train makes run folders");
    }
    records.insert(records.end(), found.begin(), found.end());
  }
  std::vector<report::ChartRow> rows = report::rows_from_records(records);
  for (const std::string& table : options.published) {
    const std::vector<report::ChartRow> published = report::published_rows(table);
    rows.insert(rows.end(), published.begin(), published.end());
  }
  return rows;
}

void run(const Options& options) {
  if (options.list) return print_result(list_text());
  if (options.runs.empty() && options.published.empty()) {
    throw Error(ErrorKind::kUsage, "chart", "nothing to draw",
                "give run folders, or --published efficientnet-v5 (see --list)");
  }
  if (options.x != "params" && options.x != "macs")
    throw Error(ErrorKind::kUsage, "--x", fmt::format("'{}' is unknown", options.x), "known: params, macs");
  if (!fs::path(options.output).has_filename()) {
    throw Error(ErrorKind::kUsage, "--output", fmt::format("'{}' is no file name", options.output),
                "give a file name without its ending, for example charts/family");
  }
  std::vector<report::ChartFormat> formats;
  for (const std::string& format : options.formats) formats.push_back(report::parse_chart_format(format));

  const auto parts = report::split_by_dataset(rows_of(options));
  std::string result;
  Json json{{"schema", "effnet.chart/1"}, {"files", Json::array()}, {"rows", Json::array()}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::vector<report::ChartRow>& rows = parts[i];
    report::AccuracyChart chart;
    chart.x = options.x == "macs" ? report::ChartX::kMacs : report::ChartX::kParams;
    chart.title = options.title;
    const report::ChartFile file{.title = options.title.empty() ? "Accuracy against cost" : options.title,
                                 .specification = report::accuracy_chart(rows, chart),
                                 .table = report::row_table(rows)};
    // One chart a data set: accuracies on different pictures do not compare.
    const fs::path stem =
        i == 0 ? options.output : fmt::format("{}-{}", options.output, rows.front().dataset);
    if (stem.has_parent_path()) fs::create_directories(stem.parent_path());
    const report::WrittenChart written = report::write_chart_files(file, stem, formats);
    for (const fs::path& path : written.files) print_note(fmt::format("wrote {}", path.string()));
    if (!written.note.empty()) print_note("note: " + written.note);
    for (const fs::path& path : written.files) json["files"].push_back(path.string());
    for (const report::ChartRow& row : rows) json["rows"].push_back(json_of(row));
    result += options.csv ? file.table.to_csv() : file.table.to_text();
  }
  print_result(options.json ? json.dump(2) + "\n" : result);
}

}  // namespace

void add_chart(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("chart", "Chart accuracy against parameters: run folders beside published nets");
  auto options = std::make_shared<Options>();
  command->add_option("RUN", options->runs, "run folders, or folders of run folders");
  command->add_option("--published", options->published, "published tables, see --list")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--x", options->x, "params or macs")->capture_default_str();
  command->add_option("--output", options->output, "file name without its ending")->capture_default_str();
  command->add_option("--format", options->formats, "of html, svg, png, pdf, vl.json")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--title", options->title, "above the chart");
  command->add_flag("--list", options->list, "list the published tables");
  command->add_flag("--csv", options->csv, "print the rows as CSV instead of a table");
  command->add_flag("--json", options->json, "print the rows and the files' names as JSON");
  command->footer(
      "Examples:\n  effnet chart --published efficientnet-v5 --output family\n  effnet chart runs/demo --x "
      "macs --output runs/demo/macs\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
