// How wide a text will be in a sans-serif of Helvetica's metrics (Arial, Liberation Sans and most browsers'
// sans-serif share them), so that labels can be placed before anything is drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace effnet::report {

enum class FontWeight { kNormal, kBold };

// Pixels at the given font size, a little generous. Characters outside ASCII count as wide ones.
double text_width(std::string_view text, double font_size, FontWeight weight = FontWeight::kNormal);

// Breaks at spaces so that no line is wider than `width` pixels, unless a word alone is.
std::vector<std::string> wrapped(std::string_view text, double font_size, double width);

}  // namespace effnet::report
