// The checkpoints of one run: last.safetensors to go on from (model.*, ema.*, optimizer.*), best.safetensors
// to use (plain names, the weights that scored best on the held-out part), epoch-N.safetensors, the newest
// `history` ends of an epoch. Each is written whole or not at all. All carry the run's metadata (ArchSpec
// text, mean, stddev, classes).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "training/trainer.h"

namespace effnet::training {

using Metadata = std::map<std::string, std::string>;

struct CheckpointOptions {
  std::filesystem::path folder;
  int history = 1;    // ends of an epoch kept beside `last`; at least 1 leaves something to fall back to
  Metadata metadata;  // added to every file
};

class Checkpoints {
 public:
  explicit Checkpoints(CheckpointOptions options);  // creates the folder

  void save_last(const Trainer& trainer);
  void save_epoch(Trainer& trainer);  // last, the history, and best where the last epoch was the best so far

  // Brings the trainer to where the newest readable checkpoint was; false if there is none. Damaged files are
  // skipped and named in skipped(). Error{kBadData} if all are damaged.
  bool load(Trainer& trainer);
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  std::vector<std::filesystem::path> history() const;  // newest first

  CheckpointOptions options_;
  std::vector<std::string> skipped_;
};

// The trained weights by plain names, as predict and import read them.
void write_model(const std::filesystem::path& file, Trainer& trainer, const Metadata& metadata);

// Starting weights of another run: plain names, or the ema.* or model.* of a checkpoint. A classifier of
// another size is left as it is; returns whether it was. Error{kBadData} for other nets.
bool load_initial_weights(const std::filesystem::path& file, Trainer& trainer);

}  // namespace effnet::training
