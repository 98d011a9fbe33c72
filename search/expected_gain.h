// What a net is expected to gain when its accuracy is only believed to be normal, in closed form.
#pragma once

#include <span>
#include <vector>

#include "search/hypervolume.h"

namespace effnet::search {

// E[max(x - best, 0)] of x ~ N(mean, deviation^2): expected improvement.
double expected_improvement(double mean, double deviation, double best);

// By how much hypervolume is expected to grow when a point joins a front, the last of whose gains (accuracy) is normal and
// whose others (costs; one or two of them) are known. Between two neighbouring accuracies t < t' of the front the points
// that reach t' cover a part of what the net's costs would; the rest, of size U, is gained by whatever the net reaches
// beyond t. So the expectation is the sum of U (EI(t) - EI(t')), EI being the expected improvement on t.
class ExpectedHypervolumeGain {
 public:
  explicit ExpectedHypervolumeGain(std::vector<Gains> front);

  double operator()(std::span<const double> costs, double mean, double deviation) const;

 private:
  std::vector<Gains> front_;  // the highest last gain first, all above 0
};

}  // namespace effnet::search
