// What differs between a stored configuration and the one given now, for the message that refuses to go on.
#pragma once

#include <string>
#include <string_view>

namespace effnet::store {

// "" when both JSON texts say the same (the order of keys does not matter), else the first difference by
// path: "objective.target was 4000000 and is now 5000000". Error{kBadData} with `where` if a text is not
// JSON.
std::string config_difference(std::string_view stored, std::string_view given, std::string_view where);

}  // namespace effnet::store
