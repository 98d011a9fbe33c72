// Regularised evolution (Real et al., arXiv 1802.01548): the population is the last P trials; a child is the
// best of P / 4 (at least 2) different ones drawn from it, with one choice changed. The oldest dies,
// however good. Where a front is wanted, a child is any net of the front of all trials, with one choice changed (as Archai's
// evolutionary Pareto search): nothing dies but what is beaten.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <numeric>
#include <vector>

#include "search/standing_nets.h"
#include "search/strategies.h"

namespace effnet::search {
namespace {

class Evolution final : public Strategy {
 public:
  Evolution(const Space& space, std::size_t population, const Objective& objective)
      : space_(space),
        capacity_(population),
        sample_(std::max<std::size_t>(2, population / 4)),
        tried_(space, objective) {}

  // The first trials are random by number, not by what was told: so a lag costs no further random trials.
  spec::Choices ask(const AskContext& context) override {
    spec::RandomStream random(context.seed);
    if (context.trial < static_cast<int>(capacity_) || population_.empty()) return space_.sample(random);
    if (tried_.wants_front()) {
      const std::vector<spec::Choices> front = tried_.front();
      return front.empty() ? space_.sample(random) : space_.mutate(front[random.below(front.size())], random);
    }
    std::vector<std::size_t> left(population_.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    const Member* parent = nullptr;
    for (std::size_t i = 0; i < sample_ && !left.empty(); ++i) {
      std::swap(left[random.below(left.size())], left.back());
      const Member& member = population_[left.back()];
      left.pop_back();
      if (!parent || member.reward > parent->reward) parent = &member;
    }
    return space_.mutate(parent->choices, random);
  }

  // A failed trial takes its place and loses every tournament.
  void tell(int, const spec::Choices& choices, std::optional<double> reward) override {
    population_.push_back({choices, reward.value_or(-std::numeric_limits<double>::infinity())});
    if (population_.size() > capacity_) population_.pop_front();
    if (reward) tried_.add(choices, *reward);
  }

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

  Belief belief() const override {
    Belief belief{Belief::Unit::kShare, {}};
    std::vector<spec::Choices> parents = tried_.front();
    if (!tried_.wants_front()) {
      for (const Member& member : population_) parents.push_back(member.choices);
    }
    for (const auto& [name, values] : space_.dimensions()) {
      std::vector<double>& shares = belief.values.emplace_back(values.size());
      for (const spec::Choices& parent : parents) {
        const auto value = std::find(values.begin(), values.end(), parent.at(name));
        shares[static_cast<std::size_t>(value - values.begin())] += 1 / static_cast<double>(parents.size());
      }
    }
    return belief;
  }

  std::string state_note() const override {
    if (tried_.wants_front()) return fmt::format("front of {} nets", tried_.front().size());
    double best = -std::numeric_limits<double>::infinity();
    for (const Member& member : population_) best = std::max(best, member.reward);
    return population_.empty() ? "no parents yet"
                               : fmt::format("best of {} alive {:.4f}", population_.size(), best);
  }

 private:
  struct Member {
    spec::Choices choices;
    double reward;
  };

  const Space& space_;
  std::size_t capacity_, sample_;
  std::deque<Member> population_;  // oldest first
  StandingNets tried_;
};

}  // namespace

std::unique_ptr<Strategy> make_evolution(const Space& space, int population, const Objective& objective) {
  return std::make_unique<Evolution>(space, static_cast<std::size_t>(population), objective);
}

}  // namespace effnet::search
