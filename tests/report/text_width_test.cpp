#include "report/text_width.h"

#include "tests/support/catch.h"

using namespace effnet::report;

TEST_CASE("wide letters are wider, bold is wider, and width grows with the size") {
  CHECK(text_width("MMM", 11) > text_width("iii", 11) * 3);
  CHECK(text_width("B0", 11, FontWeight::kBold) > text_width("B0", 11));
  CHECK(text_width("ResNet-50", 22) == Catch::Approx(2 * text_width("ResNet-50", 11)));
  // Helvetica's advances of R e s N e t - 5 0 sum to 4779 thousandths; the estimate is never less.
  CHECK(text_width("ResNet-50", 11) >= 4.779 * 11);
  CHECK(text_width("ResNet-50", 11) <= 4.779 * 11 * 1.1);
}

TEST_CASE("long sentences break at spaces") {
  const std::vector<std::string> lines = wrapped("one two  three four", 10, text_width("one two", 10) + 1);
  CHECK(lines == std::vector<std::string>{"one two", "three", "four"});
  CHECK(wrapped("unbreakable", 10, 5) == std::vector<std::string>{"unbreakable"});
  CHECK(wrapped("", 10, 5).empty());
}
