#include "report/text_table.h"

#include <algorithm>

#include "report/number_text.h"
#include "tests/support/catch.h"

using namespace effnet::report;

namespace {

TextTable nets() {
  TextTable table({{"net"}, {"parameters", Align::kRight}});
  table.add_row({"b0", "5,288,548"});
  table.add_rule();
  table.add_row({"b1, wider", "7,794,184"});
  return table;
}

}  // namespace

TEST_CASE("a table is aligned on a terminal") {
  CHECK(nets().to_text() ==
        "net        parameters\n"
        "---------------------\n"
        "b0          5,288,548\n"
        "---------------------\n"
        "b1, wider   7,794,184\n");
}

TEST_CASE("letters outside ASCII take one column, and controls never reach the terminal") {
  TextTable table({{"name"}, {"x"}});
  table.add_row({"\xc3\xa9t\xc3\xa9", "1"});  // three letters in five bytes
  table.add_row({"a\x1b[2Jb\n", "2"});
  const std::string text = table.to_text();
  CHECK(text.find("\xc3\xa9t\xc3\xa9      1\n") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
}

TEST_CASE("the same rows as CSV, markdown and HTML, each escaped in its own way") {
  TextTable table({{"a"}, {"b", Align::kRight}});
  table.add_row({"x,\"y\"", "<b>|1"});
  CHECK(table.to_csv() == "a,b\n\"x,\"\"y\"\"\",<b>|1\n");
  CHECK(table.to_markdown() == "| a | b |\n| --- | ---: |\n| x,\"y\" | &lt;b>\\|1 |\n");
  CHECK(table.to_html().find("<td>x,&quot;y&quot;</td><td class=\"number\">&lt;b&gt;|1</td>") !=
        std::string::npos);
}

TEST_CASE("counts as people read them") {
  CHECK(short_count(5288548) == "5.29 M");
  CHECK(short_count(385814752) == "386 M");
  CHECK(short_count(24100) == "24.1 k");
  CHECK(short_count(312) == "312");
  CHECK(short_count(999999) == "1.00 M");  // never "1000 k"
  CHECK(short_count(37745884192.0) == "37.7 G");
  CHECK(rounded_count(12e6) == "12 M");
  CHECK(rounded_count(5.3e6) == "5.3 M");
  CHECK(rounded_count(390e6) == "390 M");
  CHECK(grouped_count(5288548) == "5,288,548");
  CHECK(grouped_count(999) == "999");
}

TEST_CASE("a column that no row fills can be left out") {
  TextTable table({{"a"}, {"b"}, {"c"}});
  table.add_row({"1", "", ""});
  table.add_row({"2", "", "3"});
  CHECK(table.without_empty_columns().to_csv() == "a,c\n1,\n2,3\n");
}
