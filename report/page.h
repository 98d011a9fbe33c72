// A report as one HTML file that needs nothing else: headings, paragraphs, tables, charts. Charts are drawn in
// the browser by the bundle of Vega inside the file; without scripts the tables remain.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "report/text_table.h"

namespace effnet::report {

struct PageHeading {
  std::string text;
};
struct PageParagraph {
  std::string text;
};
struct PageTable {
  std::string caption;
  TextTable table;
};
struct PageChart {
  std::string specification;  // Vega-Lite, JSON text
  std::string caption;        // below the chart; may be empty
};
using PagePart = std::variant<PageHeading, PageParagraph, PageTable, PageChart>;

struct Page {
  std::string title;
  std::string lead;  // one paragraph under the title; may be empty
  std::vector<PagePart> parts;
};

// All texts are escaped; a specification cannot end its script element.
std::string page_html(const Page& page);

}  // namespace effnet::report
