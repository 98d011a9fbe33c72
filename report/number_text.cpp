#include "report/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace effnet::report {

std::string short_count(double count) {
  static constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
  int unit = 0;
  while (unit < 4 && std::abs(count) >= 999.5) {
    count /= 1000;
    ++unit;
  }
  const double size = std::abs(count);
  const int digits = unit == 0 ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", count, digits, kUnits[unit]);
}

std::string rounded_count(double count) {
  std::string text = short_count(count);
  const std::size_t unit = std::min(text.find(' '), text.size());
  if (text.find('.') >= unit) return text;
  std::string digits = text.substr(0, unit);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits + text.substr(unit);
}

std::string grouped_count(double count) {
  const std::string digits = fmt::format("{:.0f}", std::abs(count));
  std::string text = count < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace effnet::report
