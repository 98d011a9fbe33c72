// What a training tells while it runs. The library prints nothing; an observer does, or writes it down.
#pragma once

#include <cstdint>

namespace effnet::training {

struct StepReport {
  std::int64_t step = 0, steps = 0;  // done, in all
  int epoch = 0, epochs = 0;         // the one at work, from 0
  std::int64_t pictures = 0;         // of this step
  double loss = 0;  // mean of the epoch so far, with label smoothing; of an earlier step on a GPU
  double learning_rate = 0;
};

// One row of metrics.csv. Evaluations are of the held-out part; eval_* of the weights, ema_* of their moving
// average.
struct EpochReport {
  int epoch = 0;
  std::int64_t step = 0;  // done
  double learning_rate = 0;
  double train_loss = 0;
  bool evaluated = false, has_ema = false;
  double eval_loss = 0, eval_top1 = 0, eval_top5 = 0;
  double ema_loss = 0, ema_top1 = 0, ema_top5 = 0;

  double best_top1() const { return has_ema ? ema_top1 : eval_top1; }  // of what is kept
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_step(const StepReport&) {}
  virtual void on_epoch(const EpochReport&) {}
};

}  // namespace effnet::training
