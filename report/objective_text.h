// An objective and its costs as tables and sentences name them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/text_table.h"
#include "search/objective.h"

namespace effnet::report {

// "hard in macs, target 4.00 M, weight -1"; "soft in macs (target 2.00 M, weight -0.07) and params (...)".
std::string objective_text(const search::Objective& objective);

std::string_view cost_heading(spec::CostKind cost);  // "MACs", "params", "activations", "ns"
std::string_view cost_words(spec::CostKind cost);    // "multiply-adds", "nanoseconds"
std::string cost_title(spec::CostKind cost);         // of an axis: "Multiply-adds"

// For tables with a column a cost: the headings, and a net's cells.
std::vector<Column> cost_columns(const std::vector<spec::CostKind>& costs);
std::vector<std::string> cost_cells(const spec::Cost& cost, const std::vector<spec::CostKind>& costs);

}  // namespace effnet::report
