// Several nets trained side by side, each by an effnet-train of its own in its own run folder. A folder whose run is
// finished costs nothing, one that was stopped goes on from its checkpoint, so a pool can be killed at any moment.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/effnet/progress.h"
#include "search/child_process.h"
#include "spec/error.h"
#include "spec/run_record.h"

namespace effnet::apps {

struct PooledJob {
  std::string name;
  std::filesystem::path run_folder;
  search::ChildCommand command;  // progress comes as JSON lines on its stdout
  double weight = 1;             // predicted seconds, for the time left and the order
};

struct FailedJob {
  std::string name, reason;
  spec::ErrorKind kind =
      spec::ErrorKind::kFailed;  // what the child's exit code says: usage, data, environment
};

struct PoolResult {
  std::vector<spec::RunRecord> records;  // in the order of the jobs, without the failed ones
  std::vector<FailedJob> failed;
};

// Runs the jobs, the heaviest first, `workers` at a time, as phase `phase` of `progress`. A job that fails leaves the
// others alone. Error{kStopped} when `stop` was raised: the children have written their checkpoints.
PoolResult train_all(const std::vector<PooledJob>& jobs, int workers, Progress& progress,
                     std::string_view phase, const std::atomic<bool>& stop);

}  // namespace effnet::apps
