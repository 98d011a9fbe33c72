// The fit of alpha, beta, gamma: the grid's nets at phi = 1 are trained like the trials of any study, and the choice is
// made among nets of equal realised cost.
#pragma once

#include <string>
#include <vector>

#include "scaling/coefficient_file.h"
#include "search/study.h"

namespace effnet::search {

struct CoefficientFitConfig {
  spec::NamedNet baseline;
  scaling::CoefficientGrid grid;
  spec::CostKind cost_kind = spec::CostKind::kMacs;
  double cost_spread = 0.05;  // nets compared cost within this of each other
  int max_nets = 0;           // at most this many nets are trained, spread over the grid; 0: all
  int seeds = 1;              // runs a net
  spec::Budget budget;
  std::uint64_t seed = 0;
  int lag = 2;
  std::int64_t holdout_pictures = 0;  // that the accuracies are measured on
  std::string details_json = "{}";
};

// Which nets the fit would train: of equal realised cost, each once.
std::vector<scaling::RealisedNet> nets_of_fit(const CoefficientFitConfig& config);

struct CoefficientFitResult {
  scaling::CoefficientFile file;
  scaling::CoefficientChoice choice;
  std::vector<TrialResult> trials;
};

// Errors as Study::run; kFailed when no net was trained to the end.
CoefficientFitResult run_coefficient_fit(const CoefficientFitConfig& config, store::TrialStore& store,
                                         const StudyRunOptions& run);

}  // namespace effnet::search
