#include "apps/effnet_train/training_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "apps/effnet_train/compute_flags.h"
#include "apps/effnet_train/fallback_notes.h"
#include "apps/machine.h"
#include "apps/version.h"
#include "scaling/cost_model.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/trial.h"
#include "store/run_folder.h"
#include "training/checkpoint.h"
#include "training/trainer.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;
using spec::Error;
using spec::ErrorKind;
using Json = nlohmann::ordered_json;

// All that the result depends on. Loader workers are not in it: they change nothing.
std::string config_json(const TrainingRun& run, const OpenedData& data) {
  Json config{{"name", run.name},
              {"group", run.group},
              {"arch", spec::to_text(run.arch)},
              {"recipe", Json::parse(spec::recipe_json(run.recipe))},
              {"dataset", data.set.name},
              {"fingerprint", data.set.fingerprint},
              {"holdout", data.split.holdout.size()},
              {"split_seed", run.data.split_seed},
              {"train_pictures", run.train_pictures},
              {"seed", run.seed},
              {"threads", run.threads},
              {"device", run.compute.device.str()},
              {"kernels", to_text(run.compute.kernels)},
              {"initial_checkpoint", run.initial_checkpoint.string()}};
  if (run.compute.maps != torch::kFloat) config["dtype"] = to_text(run.compute.maps);
  return config.dump();
}

training::Metadata model_metadata(const TrainingRun& run, const OpenedData& data) {
  return {{"format", "effnet.model/1"},
          {"name", run.name},
          {"arch", spec::to_text(run.arch)},
          {"mean", Json(data.set.mean).dump()},
          {"stddev", Json(data.set.stddev).dump()},
          {"img_size", std::to_string(run.arch.resolution)},
          {"class_names", Json(data.set.train->class_names()).dump()},
          {"dataset", data.set.name}};
}

std::string metrics_csv(const std::vector<training::EpochReport>& epochs) {
  std::string csv =
      "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr,step,ema_eval_loss,ema_eval_top1,ema_eval_top5\n";
  for (const training::EpochReport& r : epochs) {
    csv += fmt::format("{},{},", r.epoch, r.train_loss);
    csv += r.evaluated ? fmt::format("{},{},{},", r.eval_loss, r.eval_top1, r.eval_top5) : ",,,";
    csv += fmt::format("{},{},", r.learning_rate, r.step);
    csv += r.evaluated && r.has_ema ? fmt::format("{},{},{}\n", r.ema_loss, r.ema_top1, r.ema_top5) : ",,\n";
  }
  return csv;
}

// Passes on what the trainer tells, and keeps metrics.csv: always the whole table, so that a run that was killed
// between a checkpoint and its row is not left with a wrong one.
// After a step it says what of it fell back, once.
class RunObserver final : public training::Observer {
 public:
  RunObserver(StepProgress& progress, fs::path metrics, ops::ExecutionContext context)
      : progress_(progress), metrics_(std::move(metrics)), context_(std::move(context)) {}

  void resume(const std::vector<training::EpochReport>& epochs) { epochs_ = epochs; }
  void on_step(const training::StepReport& report) override {
    fallbacks_.tell_new(context_, [&](const std::string& text) { progress_.note(text); });
    progress_.on_step(report);
  }
  void on_epoch(const training::EpochReport& report) override {
    epochs_.push_back(report);
    spec::write_file_atomically(metrics_, metrics_csv(epochs_));
    progress_.on_epoch(report);
  }

 private:
  StepProgress& progress_;
  fs::path metrics_;
  ops::ExecutionContext context_;
  FallbackNotes fallbacks_;
  std::vector<training::EpochReport> epochs_;
};

// Empties a run folder of another configuration; refuses what is no run folder.
void remove_other_run(const TrainingRun& run, const std::string& config) {
  if (!fs::exists(run.output / "run.json")) return;
  try {
    store::RunFolder::open(run.output, "train", config);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUsage && error.kind() != ErrorKind::kBadData) throw;
    for (const char* name :
         {"results.json", "run.json", "model.safetensors", "metrics.csv", "log.txt", "checkpoints"})
      fs::remove_all(run.output / name);
  }
}

// "effnet 0.1.0 (commit), torch 2.11.0, GNU 12.2.0, kernels auto (avx512)": all that computed a run.
std::string versions_of(const TrainingRun& run) {
  const std::string isa = instruction_set(run.compute);
  return fmt::format("effnet {} ({}), torch {}, {}, kernels {}{}", kVersion, kCommit, kTorchVersion,
                     kCompiler, to_text(run.compute.kernels), isa.empty() ? "" : " (" + isa + ")");
}

training::TrainerOptions trainer_options(const TrainingRun& run, const OpenedData& data) {
  return {.arch = run.arch,
          .recipe = run.recipe,
          .seed = run.seed,
          .train = run.train_pictures > 0
                       ? data::first_pictures(data.split.train, *data.set.train, run.train_pictures)
                       : data.split.train,
          .holdout = data.split.holdout,
          .preprocessing = preprocessing_for(run.arch, data.set),
          .workers = run.workers,
          .compute = run.compute};
}

void start_or_resume(const TrainingRun& run, training::Trainer& trainer, training::Checkpoints& checkpoints,
                     StepProgress& progress) {
  const bool resumed = checkpoints.load(trainer);
  for (const std::string& skipped : checkpoints.skipped())
    progress.note("a checkpoint was skipped: " + skipped);
  if (resumed) {
    progress.note(fmt::format("going on after step {} of {}", trainer.progress().step, trainer.steps()));
  } else if (!run.initial_checkpoint.empty() &&
             training::load_initial_weights(run.initial_checkpoint, trainer)) {
    progress.note("the starting weights' classifier has other classes and was not taken");
  }
}

spec::RunRecord make_record(const TrainingRun& run, const OpenedData& data, training::Trainer& trainer,
                            const training::Evaluation& test) {
  const training::TrainingProgress progress = trainer.progress();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::uint64_t hash = spec::derive_seed(run.seed, config_json(run, data));
  spec::RunRecord record;
  record.run = fmt::format("{}-{:%Y%m%d-%H%M%S}-{:08x}", run.name, now, hash & 0xffffffff);
  record.name = run.name;
  record.group = run.group;
  record.arch = run.arch;
  record.cost = scaling::count(run.arch).total;
  record.recipe = run.recipe;
  record.dataset = data.set.name;
  record.fingerprint = data.set.fingerprint;
  record.train_pictures = static_cast<std::int64_t>(trainer.options().train.size());
  record.holdout_pictures = static_cast<std::int64_t>(data.split.holdout.size());
  record.test_pictures = test.pictures;
  record.seed = run.seed;
  record.threads = run.threads;
  record.device = run.compute.device.str();
  record.versions = versions_of(run);
  record.machine = machine_name();
  record.top1 = test.top1;
  record.top5 = test.top5;
  record.class_accuracy = test.class_accuracy;
  record.class_names = data.set.train->class_names();
  record.holdout_top1 = progress.epochs.empty() ? 0 : progress.epochs.back().best_top1();
  record.seconds = progress.seconds;
  return record;
}

training::Evaluation test_once(const TrainingRun& run, const OpenedData& data, training::Trainer& trainer,
                               const std::atomic<bool>& stop) {
  if (!data.set.test || data.set.test->size() == 0) return {};
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.set.test->size()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  return training::evaluate(trainer.trained_net(), *data.set.test,
                            {.indices = std::move(all),
                             .preprocessing = preprocessing_for(run.arch, data.set),
                             .workers = run.workers,
                             .device = run.compute.device},
                            &stop);
}

// A run that could not begin (wrong classes, no such starting weights) leaves the folder to its corrected settings.
void release_unused(const store::RunFolder& folder) {
  if (folder.reopened() || fs::exists(folder / "checkpoints/last.safetensors")) return;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.path(), ignored))
    fs::remove_all(entry.path(), ignored);
}

spec::RunRecord train_in(const store::RunFolder& folder, const TrainingRun& run, const OpenedData& data,
                         const std::atomic<bool>& stop) {
  const fs::path results = folder / "results.json";
  if (fs::exists(results)) return spec::run_record_from_json(spec::read_file(results), results.string());

  StepProgress progress(run.progress, folder / "log.txt");
  const training::Metadata metadata = model_metadata(run, data);
  training::Trainer trainer(trainer_options(run, data), *data.set.train);
  RunObserver observer(progress, folder / "metrics.csv", trainer.learner().net()->context());
  training::Checkpoints checkpoints(
      {.folder = folder / "checkpoints", .history = run.checkpoint_hist, .metadata = metadata});
  start_or_resume(run, trainer, checkpoints, progress);
  observer.resume(trainer.progress().epochs);
  trainer.run(observer, &checkpoints, &stop);

  const training::Evaluation test = test_once(run, data, trainer, stop);
  training::write_model(folder / "model.safetensors", trainer, metadata);
  const spec::RunRecord record = make_record(run, data, trainer, test);
  spec::write_file_atomically(results, spec::run_record_json(record));
  progress.note(fmt::format("done: test top-1 {:.2f} %, top-5 {:.2f} % of {} pictures", record.top1,
                            record.top5, record.test_pictures));
  return record;
}

}  // namespace

spec::RunRecord execute(const TrainingRun& run, const std::atomic<bool>& stop) {
  const OpenedData data = open_data(run.data);
  const std::string config = config_json(run, data);
  if (run.overwrite) remove_other_run(run, config);
  const store::RunFolder folder = store::RunFolder::open(run.output, "train", config);
  try {
    return train_in(folder, run, data, stop);
  } catch (...) {
    release_unused(folder);
    throw;
  }
}

}  // namespace effnet::apps
