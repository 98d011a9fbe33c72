// The axes on which fronts of accuracy against cost are measured, and their hypervolume.
//
// A cost becomes a gain that falls with its logarithm: 1 at the space's lowest, 0 a tenth of the range beyond its highest. An
// accuracy a becomes (a - chance) / (1 - chance), chance being 1 / classes. So the reference point, gain 0 in all, is a net
// a little dearer than any of the space, whose end would count nothing otherwise, and that guesses; a hypervolume lies
// between 0 and 1. Against one cost it is the accuracy (as a gain) of the best net within a cost, averaged over the logarithm
// of the cost.
#pragma once

#include <span>
#include <vector>

#include "search/hypervolume.h"
#include "search/pareto_front.h"
#include "search/space.h"

namespace effnet::search {

struct CostRange {
  spec::CostKind cost;
  double lowest = 0, highest = 0;
};

struct ParetoScale {
  std::vector<CostRange> costs;
  double chance = 0;  // fraction

  // The exact ranges of a space's members, its limits regarded.
  static ParetoScale of(const Space& space, std::span<const spec::CostKind> costs);
  // The ranges of these trials, for studies that have no space; not empty.
  static ParetoScale of(const std::vector<TrialResult>& trials, std::span<const spec::CostKind> costs);

  double reference_cost(std::size_t cost) const;  // of the reference point, by position in `costs`
  Gains gains(double accuracy, const spec::Cost& cost) const;  // of costs, then of accuracy (a fraction)
};

// Of the scored trials.
double hypervolume(const std::vector<TrialResult>& trials, const ParetoScale& scale);

}  // namespace effnet::search
