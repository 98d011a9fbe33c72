// How many children an hour a plan's search trains here, by the project's kernels and by LibTorch's operators. Both
// paths have trainers of their own (effnet-train serve), as many as the plan has workers, with the plan's recipe, budget
// and threads. A round is one sampled net, trained and scored by all workers of one path at once, then of the other; its
// time is from the first trial's line to the last answer, so construction, data order, training and scoring are in it.
// Starting the trainers and opening the data, once for a whole search, are not: a short trial comes before.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "apps/bench_table.h"
#include "apps/effnet/plan.h"
#include "apps/live_line.h"

namespace effnet::apps {

struct SearchSpeed {
  Plan plan;
  bool own_data = false;  // the plan's pictures must be there; else made-up ones stand in, which is said
  int children = 4;       // nets, each trained by every worker

  std::string name() const;  // of the case
};

// Error{kUsage} or Error{kBadData} as `effnet auto` for a plan that does not fit its pictures, Error{kFailed} when a
// child cannot be trained, Error{kStopped} when `stop` was raised.
BenchRow measure_search_speed(const SearchSpeed& what, LiveLine& line, const std::atomic<bool>& stop);

}  // namespace effnet::apps
