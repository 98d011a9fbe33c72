#include "scaling/decimal.h"

#include <fmt/format.h>

#include <charconv>

#include "spec/error.h"

namespace effnet::scaling {

Decimal parse_decimal(std::string_view text, std::string_view where) {
  const auto fail = [&] {
    return spec::Error(spec::ErrorKind::kUsage, where, fmt::format("'{}' is not a decimal number", text),
                       "expected 0 .. 1000 with at most four digits after the point, for example 1.15");
  };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
  if (whole.empty() || fraction.size() > 4) throw fail();
  fraction.resize(4, '0');
  std::int64_t digits[2] = {0, 0};
  int which = 0;
  for (const std::string_view part : {whole, std::string_view(fraction)}) {
    for (const char c : part) {
      if (c < '0' || c > '9') throw fail();
    }
    std::from_chars(part.data(), part.data() + std::min<std::size_t>(part.size(), 9), digits[which++]);
  }
  if (whole.size() > 4 || digits[0] > 1000) throw fail();
  return {digits[0] * Decimal::kUnitsPerOne + digits[1]};
}

std::string to_text(Decimal decimal) {
  return fmt::format("{}", decimal.value());
}

}  // namespace effnet::scaling
