// Counts as people read them: 5288548 -> "5.29 M" (three significant digits) or "5,288,548".
#pragma once

#include <string>

namespace effnet::report {

std::string short_count(double count);    // "312", "23.5 k", "5.29 M", "1.83 G"
std::string rounded_count(double count);  // as printed by others: "5.3 M", "12 M"
std::string grouped_count(double count);  // nearest whole number, commas between thousands

}  // namespace effnet::report
