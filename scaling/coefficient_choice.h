// Which coefficients won: the grid's nets with the accuracies they were trained to, and what chance explains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scaling/coefficient_grid.h"

namespace effnet::scaling {

struct TrainedNet {
  RealisedNet net;
  std::vector<double>
      accuracies;  // top-1 in percent on held-out pictures, one a seed; empty when all runs failed

  double mean_accuracy() const;
};

struct CoefficientChoice {
  std::size_t winner = 0;  // highest mean accuracy
  std::vector<std::size_t>
      within_noise;           // the winner first, then all that two standard errors do not tell from it
  double standard_error = 0;  // of the winner's mean accuracy, in points
  std::string noise_source;   // "3 seeds a net" or "held-out part of 10000 pictures"
};

// Standard errors from the pooled spread between seeds where nets have several, else from the binomial law of
// a held-out part of `holdout_pictures`. Error{kFailed} when no net was trained.
CoefficientChoice choose(const std::vector<TrainedNet>& nets, std::int64_t holdout_pictures);

}  // namespace effnet::scaling
