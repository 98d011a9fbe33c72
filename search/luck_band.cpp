#include "search/luck_band.h"

#include <algorithm>
#include <cmath>

namespace effnet::search {

std::vector<LuckBand> luck_band(std::vector<double> rewards, int trials) {
  std::vector<LuckBand> band;
  if (rewards.empty()) return band;
  std::sort(rewards.begin(), rewards.end());
  const auto count = static_cast<double>(rewards.size());
  for (int n = 1; n <= trials; ++n) {
    const auto quantile = [&](double probability) {
      const double rank = std::ceil(count * std::pow(probability, 1.0 / n) - 1e-9);
      return rewards[static_cast<std::size_t>(std::clamp(rank, 1.0, count)) - 1];
    };
    band.push_back({quantile(0.05), quantile(0.5), quantile(0.95)});
  }
  return band;
}

}  // namespace effnet::search
