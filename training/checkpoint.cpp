#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "spec/error.h"

namespace effnet::training {
namespace {

namespace fs = std::filesystem;
using spec::Error;
using spec::ErrorKind;

constexpr const char* kProgressKey = "training_progress";
constexpr std::string_view kHistoryPrefix = "epoch-", kExtension = ".safetensors";

nlohmann::json to_json(const EpochReport& r) {
  return {{"epoch", r.epoch},           {"step", r.step},           {"lr", r.learning_rate},
          {"train_loss", r.train_loss}, {"evaluated", r.evaluated}, {"has_ema", r.has_ema},
          {"eval_loss", r.eval_loss},   {"eval_top1", r.eval_top1}, {"eval_top5", r.eval_top5},
          {"ema_loss", r.ema_loss},     {"ema_top1", r.ema_top1},   {"ema_top5", r.ema_top5}};
}

EpochReport epoch_from_json(const nlohmann::json& j) {
  return {.epoch = j.at("epoch"),
          .step = j.at("step"),
          .learning_rate = j.at("lr"),
          .train_loss = j.at("train_loss"),
          .evaluated = j.at("evaluated"),
          .has_ema = j.at("has_ema"),
          .eval_loss = j.at("eval_loss"),
          .eval_top1 = j.at("eval_top1"),
          .eval_top5 = j.at("eval_top5"),
          .ema_loss = j.at("ema_loss"),
          .ema_top1 = j.at("ema_top1"),
          .ema_top5 = j.at("ema_top5")};
}

// Doubles come back bit for bit: nlohmann/json prints the shortest text that does.
std::string to_json(const TrainingProgress& progress) {
  nlohmann::json json{
      {"step", progress.step}, {"epoch_loss", progress.epoch_loss}, {"seconds", progress.seconds}};
  json["epochs"] = nlohmann::json::array();
  for (const EpochReport& report : progress.epochs) json["epochs"].push_back(to_json(report));
  return json.dump();
}

TrainingProgress progress_from(const models::StateFile& file, const std::string& where) {
  const auto found = file.metadata.find(kProgressKey);
  if (found == file.metadata.end()) {
    throw Error(ErrorKind::kBadData, where, "holds weights but no training to go on with",
                "give it as --initial-checkpoint instead");
  }
  try {
    const auto json = nlohmann::json::parse(found->second);
    TrainingProgress progress{
        .step = json.at("step"), .epoch_loss = json.at("epoch_loss"), .seconds = json.at("seconds")};
    for (const auto& epoch : json.at("epochs")) progress.epochs.push_back(epoch_from_json(epoch));
    return progress;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, where, fmt::format("its progress cannot be read: {}", error.what()));
  }
}

void load(const fs::path& path, Trainer& trainer) {
  const models::StateFile file = models::read_state(path);
  const TrainingProgress progress = progress_from(file, path.string());
  models::load_into(trainer.tensors(), file, "", path.string());
  trainer.restore(progress);
}

bool is_best(const std::vector<EpochReport>& epochs) {
  if (epochs.empty() || !epochs.back().evaluated) return false;
  return std::all_of(epochs.begin(), epochs.end() - 1,
                     [&](const EpochReport& other) { return other.best_top1() < epochs.back().best_top1(); });
}

int epoch_of(const fs::path& path) {
  const std::string name = path.filename().string();
  int epoch = -1;
  if (name.starts_with(kHistoryPrefix) && name.ends_with(kExtension))
    std::from_chars(name.data() + kHistoryPrefix.size(), name.data() + name.size(), epoch);
  return epoch;
}

}  // namespace

Checkpoints::Checkpoints(CheckpointOptions options) : options_(std::move(options)) {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (error) {
    throw Error(ErrorKind::kEnvironment, options_.folder.string(), error.message(),
                "choose another --output");
  }
}

void Checkpoints::save_last(const Trainer& trainer) {
  Metadata metadata = options_.metadata;
  metadata[kProgressKey] = to_json(trainer.progress());
  models::write_state(options_.folder / "last.safetensors", trainer.tensors(), metadata);
}

void Checkpoints::save_epoch(Trainer& trainer) {
  const TrainingProgress progress = trainer.progress();
  save_last(trainer);
  if (is_best(progress.epochs)) write_model(options_.folder / "best.safetensors", trainer, options_.metadata);
  if (options_.history <= 0) return;
  // `last` is always replaced, never written into, so a second name for it costs no space until then.
  const fs::path name =
      options_.folder / fmt::format("{}{}{}", kHistoryPrefix, progress.epochs.size(), kExtension);
  std::error_code error;
  fs::remove(name, error);
  fs::create_hard_link(options_.folder / "last.safetensors", name, error);
  if (error) fs::copy_file(options_.folder / "last.safetensors", name, fs::copy_options::overwrite_existing);
  const std::vector<fs::path> kept = history();
  for (std::size_t i = static_cast<std::size_t>(options_.history); i < kept.size(); ++i)
    fs::remove(kept[i], error);
}

bool Checkpoints::load(Trainer& trainer) {
  std::vector<fs::path> candidates = history();
  if (fs::exists(options_.folder / "last.safetensors"))
    candidates.insert(candidates.begin(), options_.folder / "last.safetensors");
  if (candidates.empty()) return false;
  for (const fs::path& candidate : candidates) {
    try {
      training::load(candidate, trainer);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
      skipped_.push_back(fmt::format("{}: {}", error.where(), error.message()));
    }
  }
  throw Error(ErrorKind::kBadData, options_.folder.string(),
              fmt::format("no checkpoint can be read ({})", skipped_.front()),
              "remove the folder's checkpoints to train from the beginning");
}

std::vector<fs::path> Checkpoints::history() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(options_.folder)) {
    if (epoch_of(entry.path()) >= 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return epoch_of(a) > epoch_of(b); });
  return files;
}

void write_model(const fs::path& file, Trainer& trainer, const Metadata& metadata) {
  models::write_state(file, models::named_state(*trainer.trained_net()), metadata);
}

bool load_initial_weights(const fs::path& path, Trainer& trainer) {
  const models::StateFile file = models::read_state(path);
  std::string prefix;
  for (const std::string candidate : {"", "ema.", "model."}) {
    if (!file.find(candidate + "classifier.weight")) continue;
    prefix = candidate;
    break;
  }
  models::NamedTensors wanted = models::named_state(*trainer.learner().net());
  const torch::Tensor* classifier = file.find(prefix + "classifier.weight");
  bool other_classifier = false;
  std::erase_if(wanted, [&](const auto& item) {
    const bool skip = item.first.starts_with("classifier.") && classifier &&
                      classifier->size(0) != trainer.options().arch.classes;
    other_classifier |= skip;
    return skip;
  });
  models::load_into(wanted, file, prefix, path.string());
  trainer.learner().restart_average();
  return other_classifier;
}

}  // namespace effnet::training
