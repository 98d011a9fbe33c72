#include "spec/csv_field.h"

#include "tests/support/catch.h"

using effnet::spec::csv_field;

TEST_CASE("CSV field: what would end a field or a row is quoted, and quotes are doubled") {
  CHECK(csv_field("b0 wide") == "b0 wide");
  CHECK(csv_field("") == "");
  CHECK(csv_field("b0, wide") == "\"b0, wide\"");
  CHECK(csv_field("a \"b\"") == "\"a \"\"b\"\"\"");
  CHECK(csv_field("two\nlines") == "\"two\nlines\"");
  CHECK(csv_field("a\r") == "\"a\r\"");
}
