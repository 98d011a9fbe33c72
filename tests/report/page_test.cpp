#include "report/page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/accuracy_chart.h"
#include "report/embedded_files.h"
#include "tests/support/catch.h"

using namespace effnet::report;

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("the bundle is there and can live inside a script element") {
  std::string bundle(vega_bundle());
  CHECK(bundle.size() > 500'000);
  CHECK(bundle.find("window.vegaEmbed=") != std::string::npos);
  std::transform(bundle.begin(), bundle.end(), bundle.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  CHECK(bundle.find("</script") == std::string::npos);
  CHECK(bundle.find("<!--") == std::string::npos);
}

TEST_CASE("a hostile label breaks neither script nor table") {
  const std::string hostile = "</script><script>alert(1)</script><!-- \"'&";
  const std::string chart = accuracy_chart({{.name = hostile,
                                             .label = hostile,
                                             .provenance = hostile,
                                             .dataset = hostile,
                                             .params = 1e6,
                                             .top1 = 90}},
                                           {.title = hostile});
  TextTable table({{hostile}});
  table.add_row({hostile});
  const std::string html = page_html({.title = hostile,
                                      .lead = hostile,
                                      .parts = {PageHeading{hostile}, PageParagraph{hostile},
                                                PageTable{hostile, table}, PageChart{chart, hostile}}});
  CHECK(html.find("alert(1)</script>") == std::string::npos);
  CHECK(html.find("<!--") == std::string::npos);
  CHECK(count(html, "</script>") == 3);  // specification, bundle, and the one that draws

  // What the browser will parse is the chart, unchanged.
  const std::string open = "<script type=\"application/json\" data-chart=\"chart-1\">";
  const std::size_t start = html.find(open) + open.size();
  const std::string embedded = html.substr(start, html.find("</script>", start) - start);
  CHECK(nlohmann::json::parse(embedded) == nlohmann::json::parse(chart));
}

TEST_CASE("a page needs nothing from elsewhere, and carries Vega only for a chart") {
  const std::string plain = page_html({.title = "t", .lead = "", .parts = {PageParagraph{"p"}}});
  CHECK(plain.size() < 10'000);
  CHECK(plain.find("<script") == std::string::npos);
  const std::string page = page_html({.title = "t", .lead = "", .parts = {PageChart{"{}", ""}}});
  CHECK(page.find("<script src") == std::string::npos);
  CHECK(page.find("<link") == std::string::npos);
  CHECK(page.find("<noscript>") != std::string::npos);
}
