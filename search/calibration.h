// May a search trust its short training? Nets drawn from the space are trained short twice, with fresh seeds, and once as
// long as they will be in earnest. What is asked:
//
//   does short training rank nets as long training does       Kendall's tau-b between one short run and the long one
//   how much of a difference is the seed's                    tau between the two short runs, and their standard deviation
//   what does an answer by long training cost instead         seconds of a long run by those of a short one
//
//   study "short"   every net twice
//   study "long"    every net once
#pragma once

#include "search/baseline_search.h"
#include "search/rank_agreement.h"

namespace effnet::search {

struct CalibrationConfig {
  int nets = 0;  // different ones; fewer where the space has fewer
  std::uint64_t seed = 0;
  spec::Budget short_budget, long_budget;
  int lag = 2;
  std::string details_json = "{}";  // space, data, recipe: what must be the same to go on

  int short_trials() const { return 2 * nets; }
};

struct CalibratedNet {
  spec::Candidate candidate;
  double short_first = 0, short_second = 0, long_run = 0;  // percent
};

struct Calibration {
  std::vector<CalibratedNet> nets;  // those all of whose runs were scored, the best long run first
  int failed = 0;                   // nets left out
  RankAgreement tau;                // of the first short run and the long run
  RankAgreement
      repeat_tau;         // of the two short runs: more than this no single short run can agree with anything
  double seed_noise = 0;  // standard deviation of a short run, in points
  double spread = 0;      // of the nets' means of short runs, in points
  double cost_ratio = 0;  // seconds of a long run by a short one's; 0 where they were not measured
};

// kUsage for fewer than 3 nets, or a long budget that is not longer. Otherwise as Study::run; kFailed where no net was
// scored throughout.
Calibration calibrate(const CalibrationConfig& config, const Space& space, store::TrialStore& store,
                      const BaselineSearchRun& run);

// In words: whether the order of short training can be trusted, and how far the interval lets one say so.
std::string verdict(const Calibration& calibration);

}  // namespace effnet::search
