// The nets that a search has tried, each once, and what they are worth as far as their rewards tell: the recommendation of
// strategies that have no model of their own.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "spec/trial.h"

namespace effnet::search {

class TriedNets {
 public:
  void add(const spec::Choices& net, double reward);

  // The nets of the highest expected rewards, the earlier first among equals, at most `count`.
  //
  // A net's rewards y_1 .. y_n are taken as its own worth plus noise, and worths as normal around the mean m of all nets
  // (the random effects model of Searle, Casella and McCulloch, Variance Components, 1992, section 3.4): it is worth
  // m + t / (t + s / n) (mean(y) - m), with s the variance among rewards of one net and t that of nets. So one lucky run
  // counts less than a good mean. Without repeats nothing tells noise from worth, s is 0 and the rewards count as they are.
  std::vector<spec::Choices> best(int count) const;

 private:
  struct Rewards {
    int first = 0;  // trials told before the net's first
    int count = 0;
    double mean = 0, squares = 0;  // Welford's
  };

  int told_ = 0;
  std::map<spec::Choices, Rewards> nets_;
};

}  // namespace effnet::search
