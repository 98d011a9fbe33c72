// Chart rows as a table: what a chart shows, readable without it.
#pragma once

#include <vector>

#include "report/chart_row.h"
#include "report/text_table.h"

namespace effnet::report {

// Columns that no row fills (seeds of published rows, say) are left out.
TextTable row_table(const std::vector<ChartRow>& rows);

}  // namespace effnet::report
