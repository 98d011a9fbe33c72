// The result of a search after a front: the nets that no other beats, of both arms, and what each arm's own front covers.
#pragma once

#include <optional>
#include <vector>

#include "search/pareto_scale.h"

namespace effnet::search {

struct FoundFront {
  struct Net {
    TrialResult trial;
    bool searched = false;  // else of the random arm
  };
  std::vector<Net> nets;   // the cheapest by the first cost first
  ParetoScale scale;       // of the space
  double hypervolume = 0;  // of all trials of the search

  // Of the first `trials` of each arm, as many as both have; empty without a random arm.
  struct Comparison {
    int trials = 0;
    double search = 0, random = 0;
  };
  std::optional<Comparison> arms;
};

FoundFront found_front(const Space& space, const Objective& objective, const std::vector<TrialResult>& search,
                       const std::vector<TrialResult>& random);

}  // namespace effnet::search
