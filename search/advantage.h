// How much better a reward is than what was usual of late: what policy gradients are weighted with.
#pragma once

#include <optional>

namespace effnet::search {

// (reward - baseline) / spread, both exponential averages of the rewards told so far and early on plain means. Dividing by
// the spread makes a learning rate mean the same for accuracies that differ by 0.1 and by 10 points.
class Advantage {
 public:
  // Of the next reward, which then counts. Within -3 .. 3: one lucky or unlucky trial must not decide. No reward (a trial
  // that failed) is as bad as a scored one can be.
  double of(std::optional<double> reward);

 private:
  int told_ = 0;
  double baseline_ = 0, variance_ = 0;
};

}  // namespace effnet::search
