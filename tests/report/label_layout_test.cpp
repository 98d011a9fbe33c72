// Property: whatever the points, shown labels overlap neither each other, nor a marker, nor the edge.
#include "report/label_layout.h"

#include <algorithm>
#include <random>

#include "tests/support/catch.h"

using namespace effnet::report;

namespace {

const Box kArea{0, 0, 760, 470};

Box marker_of(const LabelledPoint& p) {
  return {p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius};
}

std::vector<LabelledPoint> random_points(unsigned seed, int count, double cluster) {
  std::mt19937 generator(seed);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(generator() % 100000) / 100000;
  };
  std::vector<LabelledPoint> points;
  for (int i = 0; i < count; ++i) {
    points.push_back({.x = uniform(380 - cluster, 380 + cluster),
                      .y = uniform(235 - cluster / 2, 235 + cluster / 2),
                      .radius = 6,
                      .width = uniform(14, 120),
                      .height = 12,
                      .first = i % 5 == 0});
  }
  return points;
}

int count_collisions(const std::vector<LabelledPoint>& points, const std::vector<PlacedLabel>& labels) {
  int collisions = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].shown) continue;
    const Box& box = labels[i].box;
    collisions +=
        box.left < kArea.left || box.right > kArea.right || box.top < kArea.top || box.bottom > kArea.bottom;
    for (std::size_t j = 0; j < labels.size(); ++j) {
      collisions += overlap(box, marker_of(points[j]));
      collisions += j > i && labels[j].shown && overlap(box, labels[j].box);
    }
  }
  return collisions;
}

long shown(const std::vector<PlacedLabel>& labels) {
  return std::count_if(labels.begin(), labels.end(), [](const PlacedLabel& label) { return label.shown; });
}

}  // namespace

TEST_CASE("labels never collide on random points, and all of a dozen are shown") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const auto points = random_points(seed, 12, 250);
    const auto labels = place_labels(points, {}, kArea);
    REQUIRE(labels.size() == points.size());
    CHECK(count_collisions(points, labels) == 0);
    CHECK(shown(labels) == 12);
  }
}

TEST_CASE("a crowd is labelled without a collision; what has no place is left out") {
  for (unsigned seed = 0; seed < 5; ++seed) {
    const auto points = random_points(seed, 60, 100);
    const auto labels = place_labels(points, {}, kArea);
    CHECK(count_collisions(points, labels) == 0);
    CHECK(shown(labels) > 20);
  }
}

TEST_CASE("a lone label stands to the right, at the edge it moves inside") {
  const LabelledPoint middle{.x = 300, .y = 200, .radius = 5, .width = 40, .height = 12};
  const LabelledPoint edge{.x = 755, .y = 200, .radius = 5, .width = 40, .height = 12};
  const auto labels = place_labels({middle}, {}, kArea);
  CHECK(labels[0].anchor == Anchor::kStart);
  CHECK(labels[0].x > 305);
  CHECK(labels[0].y == Catch::Approx(200));
  CHECK_FALSE(labels[0].has_leader);
  const auto inside = place_labels({edge}, {}, kArea);
  CHECK(inside[0].shown);
  CHECK(inside[0].box.right <= kArea.right);
}

TEST_CASE("labels keep off lines where they can") {
  const LabelledPoint point{.x = 300, .y = 200, .radius = 5, .width = 40, .height = 12};
  const auto labels = place_labels({point}, {{300, 200, 500, 200}}, kArea);
  CHECK((labels[0].box.bottom < 200 || labels[0].box.top > 200 || labels[0].box.right < 300));
}

TEST_CASE("coinciding points are told apart by leaders, and markers without a label get none") {
  std::vector<LabelledPoint> points(6, {.x = 300, .y = 200, .radius = 5, .width = 60, .height = 12});
  points[5].width = 0;
  const auto labels = place_labels(points, {}, kArea);
  CHECK(shown(labels) == 5);
  CHECK_FALSE(labels[5].shown);
  CHECK(count_collisions(points, labels) == 0);
}

TEST_CASE("the same points give the same places") {
  const auto points = random_points(7, 40, 150);
  const auto a = place_labels(points, {}, kArea), b = place_labels(points, {}, kArea);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].x == b[i].x);
    CHECK(a[i].y == b[i].y);
  }
}
