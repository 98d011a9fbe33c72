// How much a set of points covers: the volume of all that some point of the set is at least as good as in every
// coordinate (Zitzler and Thiele, IEEE Transactions on Evolutionary Computation 3, 1999), exactly.
#pragma once

#include <vector>

namespace effnet::search {

// What a point gains over the reference point in each coordinate; more is better.
using Gains = std::vector<double>;

// Of points with the same number of coordinates, one or more, above the reference point 0: what is not above it covers
// nothing. By slices along the last coordinate: n log n operations in two dimensions, n^2 log n in three.
double hypervolume(std::vector<Gains> points);

// Points of two coordinates, one after the other, and the area they cover. An added point costs up to n operations.
class Staircase {
 public:
  void add(double x, double y);
  double area() const { return area_; }

 private:
  struct Step {
    double x, y;
  };
  std::vector<Step> steps_;  // those that are not covered: x ascending, y descending
  double area_ = 0;
};

}  // namespace effnet::search
