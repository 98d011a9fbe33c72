#include "search/standing_nets.h"

#include "search/knee.h"

namespace effnet::search {

struct StandingNets::Tried {
  std::vector<const spec::Choices*> nets;
  std::vector<Tradeoff> tradeoffs;

  std::vector<spec::Choices> at(const std::vector<std::size_t>& positions) const {
    std::vector<spec::Choices> chosen;
    for (const std::size_t position : positions) chosen.push_back(*nets[position]);
    return chosen;
  }
};

void StandingNets::add(const spec::Choices& net, double reward) {
  if (!wants_front()) return by_reward_.add(net, reward);
  auto [place, is_new] = by_net_.try_emplace(net);
  if (is_new) place->second.cost = space_.candidate(net).cost;
  place->second.sum += reward;
  ++place->second.runs;
}

StandingNets::Tried StandingNets::tried() const {
  Tried tried;
  for (const auto& [choices, net] : by_net_) {
    tried.nets.push_back(&choices);
    tried.tradeoffs.push_back({net.sum / net.runs, net.cost});
  }
  return tried;
}

std::vector<spec::Choices> StandingNets::best(int count) const {
  if (!wants_front()) return by_reward_.best(count);
  const Tried all = tried();
  return all.at(nearest_the_knee(all.tradeoffs, costs_of(objective_), static_cast<std::size_t>(count)));
}

std::vector<spec::Choices> StandingNets::front() const {
  const Tried all = tried();
  return all.at(unbeaten(all.tradeoffs, costs_of(objective_)));
}

}  // namespace effnet::search
