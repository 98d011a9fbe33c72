#include "report/row_table.h"

#include <fmt/format.h>

#include "report/number_text.h"

namespace effnet::report {

TextTable row_table(const std::vector<ChartRow>& rows) {
  TextTable table({{"net"},
                   {"group"},
                   {"source"},
                   {"pixels", Align::kRight},
                   {"parameters", Align::kRight},
                   {"MACs", Align::kRight},
                   {"top-1 %", Align::kRight},
                   {"lowest..highest"},
                   {"top-5 %", Align::kRight},
                   {"seeds", Align::kRight},
                   {"data set"},
                   {"from"}});
  for (const ChartRow& row : rows) {
    const std::string spread =
        row.top1_low && row.top1_high ? fmt::format("{:.2f}..{:.2f}", *row.top1_low, *row.top1_high) : "";
    const bool published = row.source == RowSource::kPublished;
    const auto count = [&](const std::optional<double>& n) {
      return !n ? std::string() : published ? rounded_count(*n) : short_count(*n);
    };
    table.add_row({net_name(row), legend_entry(row), std::string(to_text(row.source)),
                   row.resolution > 0 ? std::to_string(row.resolution) : "", count(row.params),
                   count(row.macs), fmt::format("{:.{}f}", row.top1, published ? 1 : 2), spread,
                   row.top5 ? fmt::format("{:.{}f}", *row.top5, published ? 1 : 2) : "",
                   published ? "" : std::to_string(row.seeds), row.dataset,
                   row.note.empty() ? row.provenance : row.provenance + "; " + row.note});
  }
  return table.without_empty_columns();
}

}  // namespace effnet::report
