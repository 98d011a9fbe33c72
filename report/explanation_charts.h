// The pictures of an explanation: Vega-Lite v6 as JSON text each.
#pragma once

#include <optional>
#include <string>

#include "search/explanation.h"

namespace effnet::report {

std::string explained_regret(const search::Explanation& explanation);
std::string explained_front(const search::Explanation& explanation);
std::string explained_effects(const search::Explanation& explanation);
std::optional<std::string> explained_beliefs(
    const search::Explanation& explanation);  // none: its strategy has none

}  // namespace effnet::report
