#include "store/config_difference.h"

#include "spec/error.h"
#include "tests/support/catch.h"

using effnet::store::config_difference;

TEST_CASE("the same settings in another order are the same") {
  CHECK(config_difference(R"({"a":1,"b":{"c":2}})", R"({"b":{"c":2},"a":1})", "x").empty());
}

TEST_CASE("the first difference is named by its path, with both values") {
  CHECK(config_difference(R"({"objective":{"target":4e6}})", R"({"objective":{"target":5e6}})", "x") ==
        "objective.target was 4000000.0 and is now 5000000.0");
  CHECK(config_difference(R"({"a":1,"seed":7})", R"({"a":1})", "x") == "seed was 7 and is not given now");
  CHECK(config_difference(R"({"a":1})", R"({"a":1,"lag":8})", "x") == "lag was not given and is now 8");
}

TEST_CASE("of texts of several lines the first line that differs is named") {
  CHECK(config_difference(R"({"plan":"a = 1\nb = 2\nc = 3\n"})", R"({"plan":"a = 1\nb = 5\nc = 3\n"})",
                          "x") == R"(line 2 of the plan was "b = 2" and is now "b = 5")");
  CHECK(config_difference(R"({"plan":"a = 1\n"})", R"({"plan":"a = 1\nb = 5\n"})", "x") ==
        R"(line 2 of the plan was not there and is now "b = 5")");
  CHECK_FALSE(config_difference(R"({"plan":"a = 1\n"})", R"({"plan":"a = 1"})", "x").empty());
}

TEST_CASE("a stored configuration that is not JSON is bad data") {
  CHECK_THROWS_AS(config_difference("{", "{}", "run.json"), effnet::spec::Error);
}
