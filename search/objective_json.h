// The JSON form of an Objective, as stores keep it. One cost:
//
//   {"form":"hard","cost":"macs","target":4000000.0,"weight":-1.0}       and "weight_above" where it is another
//
// several, and pareto always:
//
//   {"form":"soft","costs":[{"cost":"macs","target":4000000.0,"weight":-0.07}, ...]}
//   {"form":"pareto","costs":[{"cost":"macs"}, ...]}
#pragma once

#include <string>
#include <string_view>

#include "search/objective.h"

namespace effnet::search {

std::string objective_json(const Objective& objective);  // one line

// kBadData with `where` for what is no objective.
Objective objective_from_json(std::string_view json, std::string_view where);

}  // namespace effnet::search
