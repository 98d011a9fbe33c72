#include "apps/effnet/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace effnet::apps {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void Progress::add_phase(std::string name, double weight) {
  const std::lock_guard lock(mutex_);
  phases_.push_back({.name = std::move(name), .weight = std::max(weight, 1e-9)});
}

void Progress::begin(std::string_view name, double already_done) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(phases_.begin(), phases_.end(), [&](const Phase& phase) { return phase.name == name; });
  assert(found != phases_.end());
  index_ = static_cast<int>(found - phases_.begin());
  found->resumed = found->done = std::clamp(already_done, 0.0, 1.0);
  phase_start_ = Clock::now();
}

void Progress::update(double fraction, std::string_view detail) {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (index_ < 0) return;
    Phase& phase = current();
    phase.done = std::clamp(fraction, phase.done, 1.0);
    double total = 0, done = 0;
    for (const Phase& each : phases_) {
      total += each.weight;
      done += each.weight * each.done;
    }
    text = fmt::format("[{:3.0f} %] {}: {} | {} gone, {}", 100 * done / total, phase.name, detail,
                       duration_text(seconds_since(start_)), left_text());
  }
  line_.update(text);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (index_ < 0) return;
  current().done = 1;
  current().seconds = seconds_since(phase_start_);
}

double Progress::elapsed() const {
  return seconds_since(start_);
}

double Progress::phase_seconds(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const Phase& phase : phases_) {
    if (phase.name == name) return phase.seconds;
  }
  return 0;
}

std::string Progress::left_text() const {
  double left = 0, done_now = 0, total = 0;
  for (const Phase& phase : phases_) {
    total += phase.weight;
    left += phase.weight * (1 - phase.done);
    done_now += phase.weight * (phase.done - phase.resumed);
  }
  const bool measured = done_now > 0.02 * total;  // below that the pace is noise
  if (!measured && weights_ == Weights::kRelative) return "time left not known yet";
  const double pace = measured ? seconds_since(start_) / done_now : 1;
  return fmt::format("about {} left", duration_text(left * pace));
}

StudyProgress::~StudyProgress() {
  if (begun_) progress_.finish();
}

void StudyProgress::resumed(int finished) {
  finished_ = finished;
  begin();
  show();
}

void StudyProgress::trial_progress(int trial, double fraction) {
  begin();
  running_[trial] = fraction;
  show();
}

void StudyProgress::trial_finished(const search::TrialResult& result) {
  begin();
  running_.erase(result.trial.number);
  ++finished_;
  if (result.outcome.failed()) ++failed_;
  best_accuracy_ = std::max(best_accuracy_, result.outcome.accuracy);
  show();
}

void StudyProgress::begin() {
  if (begun_) return;
  begun_ = true;
  progress_.begin(phase_, static_cast<double>(finished_) / std::max(trials_, 1));
}

void StudyProgress::show() {
  double done = finished_;
  for (const auto& [trial, fraction] : running_) done += fraction;
  std::string detail = fmt::format("net {} of {}", std::min(finished_ + 1, trials_), trials_);
  if (best_accuracy_ > 0) detail += fmt::format(", best {:.2f} %", best_accuracy_);
  if (failed_ > 0) detail += fmt::format(", {} failed", failed_);
  progress_.update(done / std::max(trials_, 1), detail);
}

}  // namespace effnet::apps
