// A front of accuracy against cost, as a table and with its hypervolume in words.
#pragma once

#include <string>
#include <vector>

#include "report/text_table.h"
#include "search/pareto_scale.h"

namespace effnet::report {

struct FrontRow {
  search::TrialResult trial;
  std::string arm;  // "" in all rows: no such column
};

TextTable front_rows(const std::vector<FrontRow>& rows, const std::vector<spec::CostKind>& costs);

// "accuracy 10.0 % at 93.8 M multiply-adds": the point from which hypervolume is counted.
std::string reference_text(const search::ParetoScale& scale);

}  // namespace effnet::report
