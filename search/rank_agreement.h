// Does short training rank nets as long training does? Kendall's tau-b between the two, with a bootstrap interval.
#pragma once

#include <cstdint>
#include <vector>

namespace effnet::search {

struct RankAgreement {
  double tau = 0;            // tau-b: 1 same order, 0 no relation, -1 reversed
  double low = 0, high = 0;  // 90 % bootstrap interval over nets
  int nets = 0;
};

// Pairs of scores of the same nets; fewer than three nets, or scores all equal, give tau 0 with the interval -1..1.
RankAgreement rank_agreement(const std::vector<double>& scores, const std::vector<double>& references,
                             std::uint64_t seed);

}  // namespace effnet::search
