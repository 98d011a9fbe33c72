// Where a front bends: the net to name when one is to stand for a whole front.
//
// Accuracy and the logarithm of each cost run from 0 to 1 over the front's own ranges. A net's height is its accuracy less
// the mean of its costs on these axes; against one cost that is, but for a factor, how far it lies above the straight line
// from the front's cheapest to its most accurate net (Das, Structural Optimization 18, 1999). The knee has the greatest height.
#pragma once

#include <span>
#include <vector>

#include "search/pareto_front.h"

namespace effnet::search {

class Knee {
 public:
  Knee(std::span<const Tradeoff> front, std::vector<spec::CostKind> costs);  // `front` is not empty

  // Also of nets that are not on the front; their accuracy in the unit of the front's.
  double height(double accuracy, const spec::Cost& cost) const;

 private:
  struct Axis {
    double low = 0, high = 0;
    double at(double value) const { return high > low ? (value - low) / (high - low) : 0; }
  };
  std::vector<spec::CostKind> kinds_;
  std::vector<Axis> costs_;  // of logarithms
  Axis accuracy_;
};

// Positions of nets of the front among `nets`, the greatest height first, at most `count`.
std::vector<std::size_t> nearest_the_knee(std::span<const Tradeoff> nets,
                                          const std::vector<spec::CostKind>& costs, std::size_t count);

}  // namespace effnet::search
