#include "report/label_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace effnet::report {
namespace {

constexpr int kDirections = 16;
constexpr std::array<double, 13> kDistances{2, 5, 10, 16, 23, 31, 40, 52, 66, 82, 100, 125, 155};
constexpr double kLeaderFrom = 9;  // a label nearer than this needs no leader
constexpr double kMargin = 1.5;    // free space around a label
constexpr int kRounds = 4;

// Costs, in the currency of pixels of distance.
constexpr double kLineCrossed = 34;
constexpr double kLeaderNeeded = 14;
constexpr double kLeaderCrossing = 45;
constexpr double kNearOtherMarker = 9;
constexpr double kForbidden = std::numeric_limits<double>::infinity();

// Right, then above, then left, then below; in units of 1/16 turn counterclockwise from the right.
constexpr std::array<double, kDirections> kDirectionCost{0, 1.5, 1,   2.5, 2, 3,   2.5, 4,
                                                         3, 4.5, 4.5, 5,   4, 4.5, 2.5, 2};

Box grown(const Box& box, double by) {
  return {box.left - by, box.top - by, box.right + by, box.bottom + by};
}

Box marker_box(const LabelledPoint& p) {
  return {p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius};
}

// Liang-Barsky: does the segment have a part inside the box?
bool crosses(const Segment& s, const Box& box) {
  const double dx = s.x1 - s.x0, dy = s.y1 - s.y0;
  const std::array<double, 4> step{-dx, dx, -dy, dy};
  const std::array<double, 4> room{s.x0 - box.left, box.right - s.x0, s.y0 - box.top, box.bottom - s.y0};
  double enter = 0, leave = 1;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == 0) {
      if (room[i] <= 0) return false;
    } else if (step[i] < 0) {
      enter = std::max(enter, room[i] / step[i]);
    } else {
      leave = std::min(leave, room[i] / step[i]);
    }
  }
  return enter < leave;
}

bool crosses(const Segment& a, const Segment& b) {
  const auto side = [](const Segment& s, double x, double y) {
    return (s.x1 - s.x0) * (y - s.y0) - (s.y1 - s.y0) * (x - s.x0);
  };
  return side(a, b.x0, b.y0) * side(a, b.x1, b.y1) < 0 && side(b, a.x0, a.y0) * side(b, a.x1, a.y1) < 0;
}

// The label beside `p` in a direction: the part of its edge that faces the marker lies `distance` off it.
PlacedLabel candidate(const LabelledPoint& p, int direction, double distance) {
  const double angle = 2 * std::numbers::pi * direction / kDirections;
  const double dx = std::cos(angle), dy = -std::sin(angle);
  const double longest = std::max(std::abs(dx), std::abs(dy));
  const double edge_x = p.x + dx * (p.radius + distance), edge_y = p.y + dy * (p.radius + distance);
  const double centre_x = edge_x + dx / longest * p.width / 2;
  const double centre_y = edge_y + dy / longest * p.height / 2;
  PlacedLabel label{.shown = true,
                    .box = {centre_x - p.width / 2, centre_y - p.height / 2, centre_x + p.width / 2,
                            centre_y + p.height / 2},
                    .x = centre_x,
                    .y = centre_y,
                    .anchor = Anchor::kMiddle,
                    .has_leader = distance >= kLeaderFrom};
  if (dx > 0.5) {
    label.anchor = Anchor::kStart;
    label.x = label.box.left;
  } else if (dx < -0.5) {
    label.anchor = Anchor::kEnd;
    label.x = label.box.right;
  }
  if (label.has_leader) {
    label.leader = {p.x + dx * (p.radius + 1), p.y + dy * (p.radius + 1), edge_x - dx * 1.5,
                    edge_y - dy * 1.5};
  }
  return label;
}

class Placer {
 public:
  Placer(const std::vector<LabelledPoint>& points, const std::vector<Segment>& lines, const Box& area)
      : points_(points), lines_(lines), area_(area), labels_(points.size()) {}

  std::vector<PlacedLabel> place() {
    const std::vector<std::size_t> order = crowded_first();
    for (int round = 0; round < kRounds; ++round) {
      for (const std::size_t i : order) labels_[i] = best(i);
    }
    return labels_;
  }

 private:
  std::vector<std::size_t> crowded_first() const {
    std::vector<int> neighbours(points_.size());
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const LabelledPoint& p = points_[i];
      const Box reach = grown(marker_box(p), p.width);
      for (const LabelledPoint& other : points_) neighbours[i] += overlap(reach, marker_box(other));
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (points_[i].width > 0) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (points_[a].first != points_[b].first) return points_[a].first;
      return neighbours[a] > neighbours[b];
    });
    return order;
  }

  PlacedLabel best(std::size_t i) const {
    PlacedLabel chosen;
    double least = kForbidden;
    for (const double distance : kDistances) {
      if (distance > least) break;  // the distance alone costs more
      for (int direction = 0; direction < kDirections; ++direction) {
        const PlacedLabel label = candidate(points_[i], direction, distance);
        const double so_far = distance + kDirectionCost[static_cast<std::size_t>(direction)];
        const double total = so_far < least ? so_far + cost(i, label) : kForbidden;
        if (total < least) {
          least = total;
          chosen = label;
        }
      }
    }
    return chosen;
  }

  double cost(std::size_t i, const PlacedLabel& label) const {
    const Box& box = label.box;
    if (box.left < area_.left || box.right > area_.right || box.top < area_.top || box.bottom > area_.bottom)
      return kForbidden;
    const Box wide = grown(box, kMargin);
    double sum = label.has_leader ? kLeaderNeeded : 0;
    for (std::size_t j = 0; j < points_.size(); ++j) {
      const Box marker = marker_box(points_[j]);
      if (overlap(j == i ? box : wide, marker)) return kForbidden;
      if (j == i) continue;
      if (!label.has_leader && overlap(grown(box, 5), marker)) sum += kNearOtherMarker;
      if (label.has_leader && crosses(label.leader, marker)) sum += kLeaderCrossing;
      const PlacedLabel& other = labels_[j];
      if (!other.shown) continue;
      if (overlap(wide, other.box)) return kForbidden;
      if (other.has_leader && crosses(other.leader, box)) sum += kLeaderCrossing;
      if (label.has_leader && crosses(label.leader, other.box)) sum += kLeaderCrossing;
      if (label.has_leader && other.has_leader && crosses(label.leader, other.leader)) sum += kLeaderCrossing;
    }
    for (const Segment& line : lines_) sum += crosses(line, wide) ? kLineCrossed : 0;
    return sum;
  }

  const std::vector<LabelledPoint>& points_;
  const std::vector<Segment>& lines_;
  const Box area_;
  std::vector<PlacedLabel> labels_;
};

}  // namespace

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

std::vector<PlacedLabel> place_labels(const std::vector<LabelledPoint>& points,
                                      const std::vector<Segment>& lines, const Box& area) {
  return Placer(points, lines, area).place();
}

}  // namespace effnet::report
