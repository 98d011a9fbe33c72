// A field of a CSV row (RFC 4180).
#pragma once

#include <string>
#include <string_view>

namespace effnet::spec {

// In quotes where it has commas, quotes or line ends in it.
std::string csv_field(std::string_view text);

}  // namespace effnet::spec
