#include "search/hypervolume.h"

#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

// The volume of a union of boxes from 0 to each point: over all subsets, with the volume of what they share.
double by_inclusion_exclusion(const std::vector<Gains>& points) {
  double volume = 0;
  for (std::size_t subset = 1; subset < std::size_t{1} << points.size(); ++subset) {
    Gains shared(points.front().size(), 1e300);
    int sign = -1;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!(subset >> i & 1)) continue;
      sign = -sign;
      for (std::size_t d = 0; d < shared.size(); ++d) shared[d] = std::min(shared[d], points[i][d]);
    }
    double box = sign;
    for (const double side : shared) box *= std::max(side, 0.0);
    volume += box;
  }
  return volume;
}

}  // namespace

// 3x1, 2x2 and 1x3 share their corners: 3 + 2 + 1 unit squares.
TEST_CASE("the area of a staircase, counted in unit squares") {
  CHECK(hypervolume({{3, 1}, {2, 2}, {1, 3}}) == 6);
  CHECK(hypervolume({{3, 1}, {2, 2}, {1, 3}, {1, 1}, {2, 2}}) == 6);  // covered, and equal
  CHECK(hypervolume({{3, 1}, {2, 2}, {1, 3}, {2, 3}}) == 7);
  CHECK(hypervolume({{3, 0}, {-1, 5}}) == 0);  // not above the reference point
  CHECK(hypervolume({}) == 0);
  CHECK(hypervolume({{2}, {5}, {3}}) == 5);
}

// Two slabs of 2x2x1 and 1x1x2 share a unit cube; the third sticks out by one more cube.
TEST_CASE("the volume of boxes, counted in unit cubes") {
  CHECK(hypervolume({{2, 2, 1}, {1, 1, 2}}) == 5);
  CHECK(hypervolume({{2, 2, 1}, {1, 1, 2}, {3, 1, 1}}) == 6);
  CHECK(hypervolume({{1, 2, 3}}) == 6);
}

TEST_CASE("hypervolume agrees with inclusion and exclusion") {
  spec::RandomStream random(7);
  for (const std::size_t dimensions : {1, 2, 3, 4}) {
    for (int round = 0; round < 40; ++round) {
      std::vector<Gains> points(1 + random.below(9));
      for (Gains& point : points) {
        for (std::size_t d = 0; d < dimensions; ++d)  // few values, so that many are equal
          point.push_back(static_cast<double>(random.below(7)) - 1);
      }
      CAPTURE(dimensions, round, points);
      CHECK(hypervolume(points) == Catch::Approx(by_inclusion_exclusion(points)).margin(1e-9));
    }
  }
}

TEST_CASE("a staircase grows by what a point adds, in any order") {
  spec::RandomStream random(9);
  for (int round = 0; round < 40; ++round) {
    Staircase staircase;
    std::vector<Gains> points;
    for (int i = 0; i < 10; ++i) {
      points.push_back({static_cast<double>(random.below(6)), static_cast<double>(random.below(6))});
      staircase.add(points.back()[0], points.back()[1]);
      CHECK(staircase.area() == Catch::Approx(by_inclusion_exclusion(points)).margin(1e-9));
    }
  }
}
