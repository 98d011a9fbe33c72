#include "report/text_width.h"

#include <array>

namespace effnet::report {
namespace {

// Advance widths of Helvetica for 0x20..0x7e, in thousandths of the font size (Adobe font metrics).
constexpr std::array<short, 95> kHelvetica{
    278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,  // space .. /
    556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,  // 0 .. ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,  // @ .. O
    667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,  // P .. _
    333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,  // ` .. o
    556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};      // p .. ~
constexpr double kOther = 900;
constexpr double kSlack = 1.08;  // a fallback font may be wider
constexpr double kBoldFactor = 1.08;

}  // namespace

double text_width(std::string_view text, double font_size, FontWeight weight) {
  double thousandths = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      thousandths += kHelvetica[byte - 0x20u];
    else if ((byte & 0xc0) != 0x80)
      thousandths += kOther;
  }
  return kSlack * thousandths / 1000 * font_size * (weight == FontWeight::kBold ? kBoldFactor : 1);
}

std::vector<std::string> wrapped(std::string_view text, double font_size, double width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::string longer = line.empty() ? word : line + ' ' + word;
    if (!line.empty() && text_width(longer, font_size) > width) {
      lines.push_back(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

}  // namespace effnet::report
