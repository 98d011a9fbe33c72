// The training loop: pictures in the order of (seed, epoch), one step after another, an evaluation after
// every epoch. What comes out depends on the options alone: not on loader workers, not on when it was stopped
// and resumed. Everything random is derived from (seed, step), so a checkpoint is tensors and counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "spec/arch_spec.h"
#include "spec/recipe.h"
#include "training/evaluation.h"
#include "training/learner.h"
#include "training/observer.h"

namespace effnet::training {

class Checkpoints;

struct TrainerOptions {
  spec::ArchSpec arch;
  spec::Recipe recipe;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> train;    // indices into the dataset
  std::vector<std::int64_t> holdout;  // evaluated after every epoch; may be empty
  Preprocessing preprocessing;
  int workers = 0;  // loader threads
  Compute compute;
};

// What a checkpoint keeps beside tensors.
struct TrainingProgress {
  std::int64_t step = 0;  // steps done
  double epoch_loss = 0;  // sum of the losses of the epoch at work
  double seconds = 0;     // of training and evaluating, all attempts
  std::vector<EpochReport> epochs;
};

class Trainer {
 public:
  // `dataset` outlives the trainer. Error{kUsage} if net and pictures do not fit together; TrainingFailure if
  // there is no memory for the net.
  Trainer(TrainerOptions options, const data::Dataset& dataset);

  // Trains from where it stands to the end. With `checkpoints` it saves after every epoch, about every 20 s
  // and when `stop` is raised, which ends the step at work and throws Error{kStopped}. TrainingFailure when
  // the loss is not finite or memory runs out.
  void run(Observer& observer, Checkpoints* checkpoints = nullptr, const std::atomic<bool>* stop = nullptr);
  // As run(), but to the end of `epoch`, counted from 1; it can be gone on with.
  void run_until(int epoch, Observer& observer, Checkpoints* checkpoints = nullptr,
                 const std::atomic<bool>* stop = nullptr);

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t steps() const { return steps_per_epoch_ * options_.recipe.epochs; }
  const TrainerOptions& options() const { return options_; }
  Learner& learner() { return *learner_; }
  models::Net& trained_net();  // what is scored: the moving average if there is one

  // All that a checkpoint must hold; the tensors are the learner's own, to be written into before restore().
  models::NamedTensors tensors() const { return learner_->tensors(); }
  TrainingProgress progress() const;
  void restore(const TrainingProgress& progress);

 private:
  void run_epoch(Observer& observer, Checkpoints* checkpoints, const std::atomic<bool>* stop);
  data::LoaderOptions loader_options(int epoch) const;
  void step(data::Batch& batch, int epoch, Observer& observer);
  void check_loss();
  EpochReport finish_epoch(int epoch, const std::atomic<bool>* stop);
  Evaluation evaluate_holdout(models::Net& net, const std::atomic<bool>* stop) const;

  TrainerOptions options_;
  const data::Dataset& dataset_;
  std::int64_t steps_per_epoch_ = 0;
  std::unique_ptr<Learner> learner_;
  TrainingProgress progress_;
};

}  // namespace effnet::training
