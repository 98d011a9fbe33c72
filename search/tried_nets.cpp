#include "search/tried_nets.h"

#include <algorithm>
#include <tuple>

namespace effnet::search {

void TriedNets::add(const spec::Choices& net, double reward) {
  Rewards& rewards = nets_.try_emplace(net, Rewards{.first = told_}).first->second;
  ++told_;
  const double distance = reward - rewards.mean;
  rewards.mean += distance / ++rewards.count;
  rewards.squares += distance * (reward - rewards.mean);
}

std::vector<spec::Choices> TriedNets::best(int count) const {
  if (nets_.empty()) return {};
  const auto nets = static_cast<double>(nets_.size());
  double mean = 0, within = 0, inverse_counts = 0;
  for (const auto& [net, rewards] : nets_) {
    mean += rewards.mean / nets;
    within += rewards.squares;
    inverse_counts += 1.0 / rewards.count;
  }
  const double repeats = told_ - nets, noise = repeats > 0 ? within / repeats : 0;
  double between = 0;
  for (const auto& [net, rewards] : nets_) between += (rewards.mean - mean) * (rewards.mean - mean);
  if (nets > 1) between = std::max(between / (nets - 1) - noise * inverse_counts / nets, 0.0);

  struct Ranked {
    double worth, mean;
    int first;
    const spec::Choices* net;
  };
  std::vector<Ranked> ranked;
  for (const auto& [net, rewards] : nets_) {
    const double total = between + noise / rewards.count;
    const double share = total > 0 ? between / total : 1;
    ranked.push_back({mean + share * (rewards.mean - mean), rewards.mean, rewards.first, &net});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tuple(-a.worth, -a.mean, a.first) < std::tuple(-b.worth, -b.mean, b.first);
  });
  std::vector<spec::Choices> best;
  for (std::size_t i = 0; i < ranked.size() && static_cast<int>(i) < count; ++i)
    best.push_back(*ranked[i].net);
  return best;
}

}  // namespace effnet::search
