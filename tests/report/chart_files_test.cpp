#include "report/chart_files.h"

#include "report/accuracy_chart.h"
#include "report/published_rows.h"
#include "report/row_table.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::report;

namespace {

ChartFile family() {
  const std::vector<ChartRow> rows = published_rows("efficientnet-v5");
  return {"B0 to B7", accuracy_chart(rows), row_table(rows)};
}

}  // namespace

TEST_CASE("HTML and specification need no other program; without vl-convert one note names what is missing") {
  tests::TemporaryFolder folder;
  const WrittenChart written =
      write_chart_files(family(), folder / "b0.5",
                        {ChartFormat::kHtml, ChartFormat::kSvg, ChartFormat::kPdf, ChartFormat::kVegaLite},
                        {"/no/such/python"});
  REQUIRE(written.files.size() == 2);
  CHECK(written.files[0] == folder / "b0.5.html");  // a dot in the name is not an ending
  CHECK(written.files[1] == folder / "b0.5.vl.json");
  CHECK(written.note.find("skipped svg, pdf") == 0);
  CHECK(written.note.find('\n') == std::string::npos);
  const std::string html = spec::read_file(written.files[0]);
  CHECK(html.find("efficientnet-b7") != std::string::npos);
  CHECK(html.find("vegaEmbed") != std::string::npos);
}

TEST_CASE("a Python without the package is the same note, and so is a drawing that fails") {
  tests::TemporaryFolder folder;
  const auto svg = [&](const std::string& script) {
    const auto program = folder / "python";
    spec::write_file_atomically(program, "#!/bin/sh\n" + script);
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return write_chart_files(family(), folder / "chart", {ChartFormat::kSvg}, {program.string()});
  };
  CHECK(svg("exit 3\n").note.find("vl-convert") != std::string::npos);
  CHECK(svg("echo 'out of ink' >&2; exit 1\n").note.find("out of ink") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "chart.svg"));
}

TEST_CASE("a folder that is not there is an error with the file's name") {
  tests::TemporaryFolder folder;
  CHECK_THROWS_AS(write_chart_files(family(), folder / "missing/chart", {ChartFormat::kHtml}), spec::Error);
}

TEST_CASE("formats have names") {
  CHECK(parse_chart_format("svg") == ChartFormat::kSvg);
  CHECK(file_ending(ChartFormat::kPng) == "png");
  CHECK_THROWS_AS(parse_chart_format("jpeg"), spec::Error);
}
