// An explanation to read: on a terminal, and as one HTML page. Words first, then tables, then charts.
#pragma once

#include <string>

#include "report/page.h"
#include "search/explanation.h"

namespace effnet::report {

// `lead` stands under the title; it says where the trials are.
Page explanation_page(const search::Explanation& explanation, std::string title, std::string lead);

// Words, finalists, changes of the winner, the choices that matter most and the strongest pairs.
std::string explanation_text(const search::Explanation& explanation);

}  // namespace effnet::report
