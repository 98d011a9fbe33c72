#include "scaling/coefficient_grid.h"

#include "scaling/families.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using scaling::CoefficientGrid;

TEST_CASE("grid counts, boundary included: what exact arithmetic gives and doubles do not") {
  const auto points = [](std::int64_t step, std::int64_t tolerance) {
    CoefficientGrid grid;
    grid.step = {step};
    grid.tolerance = {tolerance};
    return scaling::grid_points(grid).size();
  };
  CHECK(points(500, 500) == 54);
  CHECK(points(500, 1000) == 109);
  CHECK(points(500, 2000) == 217);
  CHECK(points(1000, 500) == 10);
  CHECK(points(1000, 1000) == 21);
  CHECK(points(1000, 2000) == 37);
}

TEST_CASE("the published triple is on the default grid and just inside its tolerance") {
  const auto holds_published = [](std::int64_t tolerance) {
    CoefficientGrid grid;
    grid.tolerance = {tolerance};
    const auto points = scaling::grid_points(grid);
    return std::find(points.begin(), points.end(), scaling::CompoundRule{}) != points.end();
  };
  CHECK(holds_published(800));
  CHECK_FALSE(holds_published(700));
}

TEST_CASE("realised nets are distinct and each carries its points") {
  const auto nets = scaling::realise(scaling::find_net("b0").arch, CoefficientGrid{}, spec::CostKind::kMacs);
  std::size_t points = 0;
  for (const scaling::RealisedNet& net : nets) points += net.rules.size();
  CHECK(points == scaling::grid_points(CoefficientGrid{}).size());
  for (std::size_t i = 1; i < nets.size(); ++i) CHECK_FALSE(nets[i - 1].arch == nets[i].arch);
}

TEST_CASE("only nets of equal realised cost are compared") {
  const auto nets = scaling::realise(scaling::find_net("b0").arch, CoefficientGrid{}, spec::CostKind::kMacs);
  const auto equals = scaling::comparable(nets, 0.05, 2, 0);
  REQUIRE(equals.size() > 1);
  CHECK(equals.back().cost_ratio <= equals.front().cost_ratio * 1.05);
  const auto few = scaling::spread_out(equals, 3);
  CHECK(few.size() == std::min<std::size_t>(3, equals.size()));
}

TEST_CASE("when a few nets are enough, the window is the one nearest to the wanted cost") {
  const auto nets = scaling::realise(scaling::find_net("b0").arch, CoefficientGrid{}, spec::CostKind::kMacs);
  const auto off = [](const std::vector<scaling::RealisedNet>& window) {
    return std::abs(std::log((window.front().cost_ratio + window.back().cost_ratio) / 2 / 2.0));
  };
  const auto few = scaling::comparable(nets, 0.05, 2, 2);
  CHECK(few.size() >= 2);
  CHECK(off(few) <= off(scaling::comparable(nets, 0.05, 2, 0)));
}

TEST_CASE("senseless ranges are named") {
  CHECK(tests::contains(tests::error_of([] { scaling::parse_range("1:x", "--alpha"); }).what(), "--alpha"));
  CoefficientGrid grid;
  grid.alpha = scaling::parse_range("2:1", "--alpha");
  CHECK(tests::contains(tests::error_of([&] { scaling::grid_points(grid); }).what(), "low before high"));
  grid.alpha = scaling::parse_range("1:1.01", "--alpha");
  grid.beta = grid.gamma = grid.alpha;
  CHECK(tests::contains(tests::error_of([&] { scaling::grid_points(grid); }).what(), "no grid point"));
}
