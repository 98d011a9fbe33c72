// A net of a space as numbers that a model can learn from: its choices and what it costs.
#pragma once

#include <vector>

#include "search/space.h"

namespace effnet::search {

// Features within -1..1. A choice between numbers is one, on a logarithmic scale where they are all positive; a choice
// between words is one a word. Then the logarithms of multiply-adds, parameters and activations.
class NetFeatures {
 public:
  explicit NetFeatures(const Space& space);

  std::vector<double> of(const spec::Candidate& net) const;

 private:
  struct Scale {
    double low = 0, high = 1;
    double at(double value) const { return high > low ? 2 * (value - low) / (high - low) - 1 : 0; }
  };

  std::vector<Dimension> dimensions_;
  Scale macs_, params_, activations_;
};

}  // namespace effnet::search
