// How much a strategy's net lacks to the best there is, measured on a landscape over many seeds: the table by which
// strategies are compared.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "search/landscape.h"

namespace effnet::search {

struct RegretCase {
  std::string strategy;      // as make_strategy() takes it
  std::vector<int> queries;  // ascending: where regret is measured
  int lag = 1;
  bool noisy = false;  // a reward is that of one run; regret is by the mean of runs either way
  int seeds = 100;
  std::uint64_t first_seed = 0;
};

struct Regret {
  // One a query count, in points of reward (0.01): of recommend()'s first net once so many trials were told, mean over
  // seeds and its standard error. Where a front is wanted, in points of hypervolume: of the nets that were told, by the mean
  // of their runs.
  std::vector<double> mean, standard_error;
  double ask_ms_mean = 0, ask_ms_most = 0;
};

// The same for any number of threads, but for the times. `progress` is told the fraction done, by one thread at a time.
Regret measure_regret(const Landscape& landscape, const RegretCase& what, int threads,
                      const std::function<void(double)>& progress = {},
                      const std::atomic<bool>* stop = nullptr);  // Error{kStopped}

}  // namespace effnet::search
