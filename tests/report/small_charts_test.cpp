#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/grid_chart.h"
#include "report/learning_chart.h"
#include "report/search_chart.h"
#include "spec/error.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;
using Json = nlohmann::json;

namespace {

// Values of the first layer of a mark with that many rows of data.
Json values_of(const Json& chart, const std::string& mark, std::size_t at_least) {
  for (const Json& layer : chart["layer"]) {
    if (layer["mark"]["type"] == mark && layer["data"]["values"].size() >= at_least)
      return layer["data"]["values"];
  }
  return {};
}

bool says(const Json& chart, const std::string& text) {
  return chart.dump().find('"' + text + '"') != std::string::npos;
}

}  // namespace

TEST_CASE("search: the best so far never falls, and a failed trial is marked") {
  SearchArm search{"search", {{0, 0.5, ""}, {1, 0.4, ""}, {2, std::nullopt, "diverged"}, {3, 0.7, ""}}};
  SearchArm random{"random arm", {{0, 0.45, ""}, {1, 0.44, ""}}};
  const Json chart = Json::parse(search_chart({search, random}));
  const Json best = values_of(chart, "line", 3);  // the random arm's line has two points
  REQUIRE(best.size() == 4);
  CHECK(best[1]["y"] == 0.5);
  CHECK(best[2]["y"] == 0.5);
  CHECK(best[3]["y"] == 0.7);
  CHECK(says(chart, "failed"));
  CHECK(says(chart, "random arm"));
  CHECK_THROWS_AS(search_chart({SearchArm{"search", {{0, std::nullopt, "crashed"}}}}), spec::Error);
}

TEST_CASE("grid: the winner and those within noise are named, others are not") {
  const Json chart =
      Json::parse(grid_chart({{1.2, 1.1, 1.15, 2.0, 91.5, {}, {}, GridStanding::kWinner, ""},
                              {1.1, 1.2, 1.1, 2.02, 91.4, {}, {}, GridStanding::kWithinNoise, ""},
                              {2, 1, 1, 1.98, 90.1, {}, {}, GridStanding::kBehind, ""}},
                             {.noise = 0.2}));
  const Json labels = values_of(chart, "text", 2);
  REQUIRE(labels.size() == 2);
  CHECK(labels[0]["text"] == "1.2 / 1.1 / 1.15");
  CHECK(labels[0]["weight"] == "bold");
  const Json band = values_of(chart, "rect", 1);
  CHECK(band[0]["low"].get<double>() == Catch::Approx(91.3));
  CHECK_THROWS_AS(grid_chart({}), spec::Error);
}

TEST_CASE("learning: a run that diverged keeps its finite part") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Json chart = Json::parse(learning_chart({{"b0", CurvePart::kHeldOut, {{1, 80}, {2, 85}, {3, nan}}},
                                                 {"b0", CurvePart::kTraining, {{1, 82}}},
                                                 {"b1", CurvePart::kHeldOut, {{1, nan}}}}));
  CHECK(values_of(chart, "line", 2).size() == 2);
  CHECK(says(chart, "training"));
  CHECK_FALSE(says(chart, "b1"));
  CHECK_THROWS_AS(learning_chart({{"b0", CurvePart::kHeldOut, {{1, nan}}}}), spec::Error);
}
