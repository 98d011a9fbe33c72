// The nets that a strategy without a model stands for: by their rewards (search/tried_nets.h), or, where the search is after
// a front, those of the front that lie nearest to its knee.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "search/objective.h"
#include "search/space.h"
#include "search/tried_nets.h"

namespace effnet::search {

class StandingNets {
 public:
  StandingNets(const Space& space, const Objective& objective) : space_(space), objective_(objective) {}

  void add(const spec::Choices& net, double reward);
  std::vector<spec::Choices> best(int count) const;

  bool wants_front() const { return objective_.form == ObjectiveForm::kPareto; }
  // Every net that no other tried one beats, by the mean of its runs; the cheapest first. Only where a front is wanted.
  std::vector<spec::Choices> front() const;

 private:
  struct Net {
    spec::Cost cost;
    double sum = 0;  // of accuracies
    int runs = 0;
  };
  struct Tried;  // in the order of choices
  Tried tried() const;

  const Space& space_;
  Objective objective_;
  TriedNets by_reward_;
  std::map<spec::Choices, Net> by_net_;
};

}  // namespace effnet::search
