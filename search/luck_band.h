// What a random search of n trials gets by luck alone, worked out from the rewards that one random search got.
#pragma once

#include <vector>

namespace effnet::search {

struct LuckBand {
  double low = 0, middle = 0,
         high = 0;  // 5, 50 and 95 % of random searches of so many trials get at most this
};

// One entry for each n = 1 .. `trials`. Of N rewards, n draws with replacement have a best of at most the k-th smallest
// with probability (k / N)^n. No draw is above the highest reward seen, so with n near N the upper end is too low.
std::vector<LuckBand> luck_band(std::vector<double> rewards, int trials);

}  // namespace effnet::search
