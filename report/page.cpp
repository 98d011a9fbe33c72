#include "report/page.h"

#include <fmt/format.h>

#include "report/embedded_files.h"

namespace effnet::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light; }
body { margin: 2.5rem auto; max-width: 70rem; padding: 0 1.5rem; color: #222; background: #fff;
       font: 16px/1.55 Helvetica, Arial, "Liberation Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .6rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; padding-top: .8rem; border-top: 1px solid #ddd; }
p { max-width: 46rem; margin: .6rem 0; }
.lead { color: #555; }
figure { margin: 1.4rem 0; overflow-x: auto; }
figcaption, caption { color: #555; font-size: .85rem; text-align: left; padding: .3rem 0 .5rem; }
table { border-collapse: collapse; font-size: .82rem; line-height: 1.4; }
th { text-align: left; font-weight: bold; border-bottom: 1.5px solid #555; vertical-align: bottom; }
th, td { padding: .28rem .7rem .28rem 0; }
td { border-bottom: 1px solid #e6e6e6; vertical-align: top; }
td:last-child { min-width: 13rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.number:last-child, th:last-child { padding-right: 0; }
#vg-tooltip-element { font-family: inherit; max-width: 30rem; }
#vg-tooltip-element table tr td { border: 0; padding: .1rem .3rem; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 11pt; }
  h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  figure { overflow: visible; }
  table { font-size: 7.5pt; }
  td:last-child { min-width: 0; }
  svg { max-width: 100%; height: auto; }
  .vega-embed summary { display: none; }
}
)css";

constexpr std::string_view kDrawAll = R"js(
for (const element of document.querySelectorAll('script[type="application/json"]')) {
  const target = document.getElementById(element.dataset.chart);
  const fail = (error) => { target.textContent = 'The chart could not be drawn: ' + error; };
  try {
    vegaEmbed(target, JSON.parse(element.textContent), {
      renderer: 'svg', downloadFileName: element.dataset.chart,
      actions: { export: true, source: false, compiled: false, editor: false },
    }).catch(fail);
  } catch (error) { fail(error); }
}
)js";

// JSON stays the same value with its "<" written as \u003c: no "</script>" or "<!--" can appear.
std::string script_safe(std::string_view json) {
  std::string safe;
  for (const char c : json) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

class Writer {
 public:
  void operator()(const PageHeading& part) { html += "<h2>" + html_escaped(part.text) + "</h2>\n"; }
  void operator()(const PageParagraph& part) { html += "<p>" + html_escaped(part.text) + "</p>\n"; }
  void operator()(const PageTable& part) {
    std::string table = part.table.to_html();
    if (!part.caption.empty())
      table.insert(table.find('\n') + 1, "<caption>" + html_escaped(part.caption) + "</caption>\n");
    html += "<figure>\n" + table + "</figure>\n";
  }
  void operator()(const PageChart& part) {
    const std::string id = fmt::format("chart-{}", ++charts);
    html += fmt::format(
        "<figure>\n<div id=\"{0}\"></div>\n"
        "<noscript>The chart is drawn by a script in this file, and scripts are switched off.</noscript>\n"
        "<script type=\"application/json\" data-chart=\"{0}\">{1}</script>\n",
        id, script_safe(part.specification));
    if (!part.caption.empty()) html += "<figcaption>" + html_escaped(part.caption) + "</figcaption>\n";
    html += "</figure>\n";
  }

  std::string html;
  int charts = 0;
};

}  // namespace

std::string page_html(const Page& page) {
  Writer writer;
  for (const PagePart& part : page.parts) std::visit(writer, part);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
      html_escaped(page.title), kStyle);
  if (!page.lead.empty()) html += "<p class=\"lead\">" + html_escaped(page.lead) + "</p>\n";
  html += writer.html;
  if (writer.charts > 0) {
    html += "<script>";
    html += vega_bundle();
    html += "</script>\n<script>";
    html += kDrawAll;
    html += "</script>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace effnet::report
