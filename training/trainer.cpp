#include "training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "spec/error.h"
#include "spec/trial.h"
#include "training/checkpoint.h"
#include "training/failure.h"
#include "training/schedule.h"

namespace effnet::training {
namespace {

using spec::Error;
using spec::ErrorKind;

constexpr double kCheckpointSeconds = 20;
constexpr std::int64_t kStepsBetweenChecksOnGpu = 50;  // each waits for the device

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// The last batch of an epoch is left out unless it is the only one.
data::DropLast drop_last(const TrainerOptions& options) {
  const bool full = static_cast<std::int64_t>(options.train.size()) >= options.recipe.batch_size;
  return full ? data::DropLast::kYes : data::DropLast::kNo;
}

void check_fit(const TrainerOptions& options, const data::Dataset& dataset) {
  const auto fail = [](const std::string& message, std::string_view advice) {
    throw Error(ErrorKind::kUsage, "training", message, advice);
  };
  if (options.train.size() < 2)
    fail("batch statistics need at least two pictures", "give more --train-pictures");
  if (options.recipe.batch_size < 2)
    fail("batch statistics need at least two pictures", "give a larger --batch-size");
  if (options.arch.input_channels != dataset.channels()) {
    fail(fmt::format("the net takes {} channels, the pictures have {}", options.arch.input_channels,
                     dataset.channels()),
         "change the net's input (@CHANNELSxRESOLUTION)");
  }
  if (options.arch.classes < dataset.classes()) {
    fail(fmt::format("the net knows {} classes, the pictures have {}", options.arch.classes,
                     dataset.classes()),
         "give --num-classes");
  }
}

}  // namespace

Trainer::Trainer(TrainerOptions options, const data::Dataset& dataset)
    : options_(std::move(options)), dataset_(dataset) {
  check_fit(options_, dataset);
  const auto pictures = static_cast<std::int64_t>(options_.train.size());
  steps_per_epoch_ = std::max<std::int64_t>(1, pictures / options_.recipe.batch_size);
  with_typed_failures([&] {
    learner_ = std::make_unique<Learner>(LearnerOptions{.arch = options_.arch,
                                                        .recipe = options_.recipe,
                                                        .seed = options_.seed,
                                                        .compute = options_.compute});
  });
}

models::Net& Trainer::trained_net() {
  return learner_->average() ? *learner_->average() : learner_->net();
}

void Trainer::run(Observer& observer, Checkpoints* checkpoints, const std::atomic<bool>* stop) {
  run_until(options_.recipe.epochs, observer, checkpoints, stop);
}

void Trainer::run_until(int epoch, Observer& observer, Checkpoints* checkpoints,
                        const std::atomic<bool>* stop) {
  with_typed_failures([&] {
    while (static_cast<int>(progress_.epochs.size()) < std::min(epoch, options_.recipe.epochs))
      run_epoch(observer, checkpoints, stop);
  });
}

void Trainer::run_epoch(Observer& observer, Checkpoints* checkpoints, const std::atomic<bool>* stop) {
  const auto epoch = static_cast<int>(progress_.epochs.size());
  const double seconds_before = progress_.seconds;
  const Stopwatch watch;
  Stopwatch since_saved;
  const auto save = [&] {
    progress_.seconds = seconds_before + watch.seconds();
    if (checkpoints) checkpoints->save_last(*this);
    since_saved = {};
  };
  learner_->net()->train();
  data::Loader loader(dataset_, loader_options(epoch));
  data::Batch batch;
  while (progress_.step < (epoch + 1) * steps_per_epoch_ && loader.next(batch)) {
    step(batch, epoch, observer);
    const bool stopping = stop && *stop;
    if (stopping || since_saved.seconds() > kCheckpointSeconds) save();
    if (stopping)
      throw Error(ErrorKind::kStopped, "training", fmt::format("stopped after step {}", progress_.step));
  }
  try {
    const EpochReport report = finish_epoch(epoch, stop);
    progress_.seconds = seconds_before + watch.seconds();
    if (checkpoints) checkpoints->save_epoch(*this);
    observer.on_epoch(report);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kStopped) save();  // all steps are done; the evaluation will be made again
    throw;
  }
}

data::LoaderOptions Trainer::loader_options(int epoch) const {
  return {.indices = options_.train,
          .batch_size = options_.recipe.batch_size,
          .img_size = options_.preprocessing.img_size,
          .shuffle = data::Shuffle::kYes,
          .drop_last = drop_last(options_),
          .augment = {.crop_padding = options_.recipe.crop_padding,
                      .hflip = options_.recipe.hflip,
                      .erase_probability = options_.recipe.reprob},
          .augmented = data::Augmented::kYes,
          .mean = options_.preprocessing.mean,
          .stddev = options_.preprocessing.stddev,
          .seed = spec::derive_seed(options_.seed, "data"),
          .epoch = epoch,
          .workers = options_.workers,
          .first_batch = progress_.step - epoch * steps_per_epoch_};
}

void Trainer::step(data::Batch& batch, int epoch, Observer& observer) {
  const double rate = learning_rate(options_.recipe, progress_.step, steps_per_epoch_);
  const torch::Tensor pictures =
      models::as_channels_last(batch.pixels.data(), batch.count, batch.channels, batch.height);
  const torch::Tensor labels = torch::from_blob(batch.labels.data(), {batch.count}, torch::kLong);
  learner_->step(pictures.to(options_.compute.device), labels.to(options_.compute.device), progress_.step,
                 rate);
  ++progress_.step;
  if (options_.compute.device.is_cpu() || progress_.step % kStepsBetweenChecksOnGpu == 0) check_loss();
  const auto epoch_steps = static_cast<double>(progress_.step - epoch * steps_per_epoch_);
  observer.on_step({.step = progress_.step,
                    .steps = steps(),
                    .epoch = epoch,
                    .epochs = options_.recipe.epochs,
                    .pictures = batch.count,
                    .loss = progress_.epoch_loss / epoch_steps,
                    .learning_rate = rate});
}

void Trainer::check_loss() {
  progress_.epoch_loss = learner_->loss_sum();
  if (std::isfinite(progress_.epoch_loss)) return;
  throw TrainingFailure(spec::OutcomeKind::kDiverged,
                        fmt::format("loss is not finite at step {}", progress_.step),
                        "lower --lr-base, or add --warmup-epochs or --clip-grad");
}

EpochReport Trainer::finish_epoch(int epoch, const std::atomic<bool>* stop) {
  check_loss();
  EpochReport report{.epoch = epoch,
                     .step = progress_.step,
                     .learning_rate = learning_rate(options_.recipe, progress_.step - 1, steps_per_epoch_),
                     .train_loss = progress_.epoch_loss / static_cast<double>(steps_per_epoch_),
                     .evaluated = !options_.holdout.empty(),
                     .has_ema = learner_->average() != nullptr};
  if (report.evaluated) {
    const Evaluation raw = evaluate_holdout(learner_->net(), stop);
    report.eval_loss = raw.loss;
    report.eval_top1 = raw.top1;
    report.eval_top5 = raw.top5;
  }
  if (report.evaluated && report.has_ema) {
    const Evaluation averaged = evaluate_holdout(*learner_->average(), stop);
    report.ema_loss = averaged.loss;
    report.ema_top1 = averaged.top1;
    report.ema_top5 = averaged.top5;
  }
  learner_->set_loss_sum(0);
  progress_.epoch_loss = 0;
  progress_.epochs.push_back(report);
  return report;
}

Evaluation Trainer::evaluate_holdout(models::Net& net, const std::atomic<bool>* stop) const {
  return evaluate(net, dataset_,
                  {.indices = options_.holdout,
                   .preprocessing = options_.preprocessing,
                   .workers = options_.workers,
                   .device = options_.compute.device},
                  stop);
}

TrainingProgress Trainer::progress() const {
  TrainingProgress progress = progress_;
  progress.epoch_loss = learner_->loss_sum();
  return progress;
}

void Trainer::restore(const TrainingProgress& progress) {
  progress_ = progress;
  learner_->set_loss_sum(progress.epoch_loss);
}

}  // namespace effnet::training
