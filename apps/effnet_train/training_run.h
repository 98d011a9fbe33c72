// One run in its folder:
//
//   run.json                       what the run is; another configuration is refused (store/run_folder.h)
//   log.txt, metrics.csv           a line an epoch
//   checkpoints/last.safetensors   to go on from; best.safetensors, epoch-N.safetensors
//   model.safetensors              the trained weights
//   results.json                   spec::RunRecord, written last: a run that has it is done
#pragma once

#include <torch/torch.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "apps/effnet_train/data_flags.h"
#include "apps/effnet_train/step_progress.h"
#include "spec/recipe.h"
#include "spec/run_record.h"
#include "training/compute.h"

namespace effnet::apps {

struct TrainingRun {
  std::string name, group;
  spec::ArchSpec arch;
  spec::Recipe recipe;
  DataFlags data;
  std::int64_t train_pictures = 0;  // 0: all that are not held out
  std::uint64_t seed = 0;
  int workers = 0, threads = 1;
  training::Compute compute;
  std::filesystem::path output;
  std::filesystem::path initial_checkpoint;  // may be empty
  int checkpoint_hist = 1;
  bool overwrite = false;  // another run's folder is emptied first
  ProgressStyle progress = ProgressStyle::kAuto;
};

// Trains from the beginning or from the folder's checkpoint, or only reads the record of a run that is done. The test
// set is read once, after the last epoch. Error{kStopped} when `stop` was raised; the checkpoint is written.
spec::RunRecord execute(const TrainingRun& run, const std::atomic<bool>& stop);

}  // namespace effnet::apps
