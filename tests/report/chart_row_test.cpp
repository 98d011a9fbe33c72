#include "report/chart_row.h"

#include "report/row_table.h"
#include "spec/error.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;
using Catch::Approx;

namespace {

spec::RunRecord record(std::string name, std::uint64_t seed, double top1) {
  spec::RunRecord r;
  r.run = name + "-" + std::to_string(seed);
  r.name = std::move(name);
  r.group = "family";
  r.dataset = "fashion-mnist";
  r.cost = {.params = 41500, .macs = 2200000};
  r.seed = seed;
  r.top1 = top1;
  r.top5 = 99.5;
  return r;
}

}  // namespace

TEST_CASE("records of one net with several seeds become one row with its spread") {
  const auto rows = rows_from_records({record("b1", 1, 90.0), record("b0", 1, 89.0), record("b1", 2, 91.0)});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "b1");
  CHECK(rows[0].top1 == Approx(90.5));
  CHECK(rows[0].top1_low == 90.0);
  CHECK(rows[0].top1_high == 91.0);
  CHECK(rows[0].seeds == 2);
  CHECK(rows[0].source == RowSource::kTrainedHere);
  CHECK(rows[0].provenance == "runs b1-1, b1-2");
  CHECK(rows[1].provenance == "run b0-1");
  CHECK_FALSE(rows[1].top1_low.has_value());  // one seed has no spread
}

TEST_CASE("another recipe, architecture or data set is another row; a run given twice counts once") {
  spec::RunRecord longer = record("b1", 2, 91.0);
  longer.recipe.epochs += 1;
  spec::RunRecord wider = record("b1", 3, 91.0);
  wider.arch.classes += 1;
  spec::RunRecord elsewhere = record("b1", 4, 91.0);
  elsewhere.dataset = "cifar-10";
  CHECK(rows_from_records({record("b1", 1, 90.0), longer, wider, elsewhere}).size() == 4);
  const auto twice = rows_from_records({record("b1", 1, 90.0), record("b1", 1, 90.0)});
  REQUIRE(twice.size() == 1);
  CHECK(twice[0].seeds == 1);
  CHECK(twice[0].provenance == "run b1-1");
  CHECK(rows_from_records({}).empty());
}

TEST_CASE("groups have words, and a misspelt one names the nearest") {
  CHECK(parse_group("human-designed", "x") == RowGroup::kHumanDesigned);
  CHECK(parse_group("b0-shaped", "x") == RowGroup::kBaseline);
  try {
    parse_group("familly", "run b1");
    FAIL("no error");
  } catch (const spec::Error& error) {
    CHECK(error.kind() == spec::ErrorKind::kBadData);
    CHECK(std::string(error.what()).find("family") != std::string::npos);
  }
}

TEST_CASE("the table of rows says where each comes from") {
  ChartRow published{.name = "efficientnet-b0", .label = "B0", .provenance = "a paper", .top1 = 77.1};
  const auto rows = rows_from_records({record("b1", 1, 90.0)});
  const std::string csv = row_table({published, rows[0]}).to_csv();
  CHECK(csv.find("published") != std::string::npos);
  CHECK(csv.find("a paper") != std::string::npos);
  CHECK(csv.find("trained here") != std::string::npos);
  CHECK(csv.find("run b1-1") != std::string::npos);
}
