// Accuracies that others published, as chart rows. Each table is a CSV file in report/published/ whose first
// lines say what it is, where it comes from (paper version included) and on which data; it is compiled in.
// Tables are named and chosen one by one: the two printed versions of B0..B7 never mix.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/chart_row.h"

namespace effnet::report {

struct PublishedTable {
  std::string id;  // "efficientnet-v5"
  std::string title;
  std::string source;  // "arXiv 1905.11946v5 table 2"
  std::string dataset;
};

std::vector<PublishedTable> published_tables();

// Error{kUsage} with a did-you-mean for an unknown table.
std::vector<ChartRow> published_rows(std::string_view table);

// The form of those files: "# title: ", "# source: ", "# dataset: ", then
// name,label,group,series,resolution,params,macs,top1,top5,note with empty cells for what is not printed.
// Error{kBadData} with file:line.
std::vector<ChartRow> parse_published(std::string_view csv, std::string_view where);

}  // namespace effnet::report
