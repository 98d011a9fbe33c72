#include "search/hypervolume.h"

#include <algorithm>

namespace effnet::search {
namespace {

// The last coordinate's highest first: below a point's own, every earlier point covers as well.
void sort_by_last(std::vector<Gains>& points) {
  std::sort(points.begin(), points.end(), [](const Gains& a, const Gains& b) { return a.back() > b.back(); });
}

double volume_of_staircases(const std::vector<Gains>& points) {
  double volume = 0;
  Staircase below;
  for (std::size_t i = 0; i < points.size(); ++i) {
    below.add(points[i][0], points[i][1]);
    const double next = i + 1 < points.size() ? points[i + 1][2] : 0;
    volume += below.area() * (points[i][2] - next);
  }
  return volume;
}

}  // namespace

void Staircase::add(double x, double y) {
  if (!(x > 0) || !(y > 0)) return;
  const auto after = std::lower_bound(steps_.begin(), steps_.end(), x,
                                      [](const Step& step, double value) { return step.x < value; });
  if (after != steps_.end() && after->y >= y) return;
  // From the right: what lies under the new step down to the height that was there already.
  double right = x, height = after == steps_.end() ? 0 : after->y;
  auto covered = after;
  while (covered != steps_.begin() && (covered - 1)->y <= y) {
    --covered;
    area_ += (right - covered->x) * (y - height);
    right = covered->x;
    height = covered->y;
  }
  area_ += (right - (covered == steps_.begin() ? 0 : (covered - 1)->x)) * (y - height);
  const auto last = after != steps_.end() && after->x == x ? after + 1 : after;
  steps_.insert(steps_.erase(covered, last), {x, y});
}

double hypervolume(std::vector<Gains> points) {
  std::erase_if(points, [](const Gains& point) {
    return std::any_of(point.begin(), point.end(), [](double gain) { return !(gain > 0); });
  });
  if (points.empty()) return 0;
  sort_by_last(points);
  const std::size_t dimensions = points.front().size();
  if (dimensions == 1) return points.front().front();
  if (dimensions == 3) return volume_of_staircases(points);
  if (dimensions == 2) {
    Staircase staircase;
    for (const Gains& point : points) staircase.add(point[0], point[1]);
    return staircase.area();
  }
  double volume = 0;
  std::vector<Gains> slice;
  for (std::size_t i = 0; i < points.size(); ++i) {
    slice.emplace_back(points[i].begin(), points[i].end() - 1);
    const double next = i + 1 < points.size() ? points[i + 1].back() : 0;
    if (points[i].back() > next) volume += hypervolume(slice) * (points[i].back() - next);
  }
  return volume;
}

}  // namespace effnet::search
