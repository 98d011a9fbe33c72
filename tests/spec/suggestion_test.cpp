#include "spec/suggestion.h"

#include "tests/support/catch.h"

using effnet::spec::did_you_mean;
using effnet::spec::nearest_word;

TEST_CASE("the nearest word within a typing slip") {
  const std::vector<std::string> commands{"describe", "search", "scale", "chart"};
  CHECK(nearest_word("serach", commands) == "search");
  CHECK(nearest_word("descibe", commands) == "describe");
  CHECK(nearest_word("xyz", commands) == "");
  CHECK(nearest_word("", commands) == "");
  CHECK(did_you_mean("xyz", commands) == "known: describe, search, scale, chart");
}
