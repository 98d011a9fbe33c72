// The numbers behind an explanation, as tables.
#pragma once

#include "report/text_table.h"
#include "search/explanation.h"

namespace effnet::report {

TextTable finalists_table(const search::Explanation& explanation);  // each net with its runs on fresh seeds
TextTable effects_table(const search::Explanation& explanation);    // each value of each choice
TextTable interactions_table(const search::Explanation& explanation);  // the strongest pairs
TextTable changes_table(const search::Explanation& explanation);       // the winner with one choice changed
TextTable front_table(const search::Explanation& explanation);         // accuracy against cost

}  // namespace effnet::report
