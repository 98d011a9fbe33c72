// A short decimal fraction kept exactly, in units of 1e-4: grids step in decimals, and doubles lose points
// that lie on the boundary (108 instead of 109 at tolerance 0.10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace effnet::scaling {

struct Decimal {
  static constexpr std::int64_t kUnitsPerOne = 10'000;
  std::int64_t units = 0;

  double value() const { return static_cast<double>(units) / kUnitsPerOne; }
  auto operator<=>(const Decimal&) const = default;
};

// "1.15", "2", "0.05"; at most four digits after the point, at most 1000 in size. Error{kUsage} otherwise.
Decimal parse_decimal(std::string_view text, std::string_view where);
std::string to_text(Decimal decimal);

}  // namespace effnet::scaling
