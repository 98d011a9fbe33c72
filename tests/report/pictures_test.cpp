// Draws real pictures: needs a Python with vl_convert, and says so where there is none.
#include "report/accuracy_chart.h"
#include "report/chart_files.h"
#include "report/grid_chart.h"
#include "report/learning_chart.h"
#include "report/published_rows.h"
#include "report/row_table.h"
#include "report/search_chart.h"
#include "spec/atomic_file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::report;

TEST_CASE("the published chart as SVG, PNG and PDF") {
  tests::TemporaryFolder folder;
  std::vector<ChartRow> rows = published_rows("efficientnet-v5");
  for (const ChartRow& row : published_rows("table2-v5")) rows.push_back(row);
  const WrittenChart written =
      write_chart_files({"published", accuracy_chart(rows), row_table(rows)}, folder / "chart",
                        {ChartFormat::kSvg, ChartFormat::kPng, ChartFormat::kPdf});
  if (!written.note.empty()) {
    WARN("not checked: " << written.note);
    return;
  }
  REQUIRE(written.files.size() == 3);
  const std::string svg = spec::read_file(folder / "chart.svg");
  CHECK(svg.starts_with("<svg"));
  for (const ChartRow& row : rows) CHECK(svg.find(">" + row.label + "<") != std::string::npos);
  CHECK(svg.find("NaN") == std::string::npos);
  CHECK(spec::read_file(folder / "chart.png").starts_with("\x89PNG"));
  CHECK(spec::read_file(folder / "chart.pdf").starts_with("%PDF"));
}

TEST_CASE("the small charts are specifications that Vega-Lite accepts") {
  const std::string charts[] = {
      search_chart({{"search", {{0, 0.5, "a"}, {1, std::nullopt, "diverged"}, {2, 0.6, "b"}}}}),
      grid_chart({{1.2, 1.1, 1.15, 2, 91.5, 91.2, 91.8, GridStanding::kWinner, ""}}, {.noise = 0.1}),
      learning_chart({{"b0", CurvePart::kHeldOut, {{1, 80}, {2, 85}}}})};
  for (const std::string& chart : charts) {
    const Pictures pictures = render_pictures(chart, {"svg"}, chart_pythons());
    if (!pictures.note.empty()) {
      WARN("not checked: " << pictures.note);
      return;
    }
    CHECK(pictures.bytes.at(0).second.find("NaN") == std::string::npos);
  }
}
