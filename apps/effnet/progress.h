// Progress of long work in phases, with time left. Phases are weighted by the seconds predicted for them, or among each
// other where nothing was predicted; once some of the work is done, the time left follows the measured pace. Work that an
// earlier run had done costs no time and does not count towards the pace.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/live_line.h"
#include "search/study.h"

namespace effnet::apps {

class Progress {
 public:
  enum class Weights { kPredictedSeconds, kRelative };

  Progress(LiveLine& line, Weights weights) : line_(line), weights_(weights), start_(Clock::now()) {}

  // In the order they will come.
  void add_phase(std::string name, double weight);

  void begin(std::string_view name, double already_done = 0);  // fractions 0..1
  void update(double fraction, std::string_view detail);
  void finish();  // the running phase is done

  double elapsed() const;  // seconds since this object was made
  double phase_seconds(
      std::string_view name) const;  // measured in this run; 0 for a phase that has not begun

 private:
  using Clock = std::chrono::steady_clock;
  struct Phase {
    std::string name;
    double weight = 1, resumed = 0, done = 0, seconds = 0;
  };

  Phase& current() { return phases_[static_cast<std::size_t>(index_)]; }
  std::string left_text() const;

  LiveLine& line_;
  Weights weights_;
  Clock::time_point start_, phase_start_;
  std::vector<Phase> phases_;
  int index_ = -1;
  mutable std::mutex mutex_;
};

// One phase of a progress fed by a study.
class StudyProgress final : public search::StudyObserver {
 public:
  StudyProgress(Progress& progress, std::string phase, int trials)
      : progress_(progress), phase_(std::move(phase)), trials_(trials) {}
  ~StudyProgress() override;

  void resumed(int finished) override;
  void trial_progress(int trial, double fraction) override;
  void trial_finished(const search::TrialResult& result) override;

 private:
  void begin();
  void show();

  Progress& progress_;
  std::string phase_;
  int trials_;
  bool begun_ = false;
  int finished_ = 0, failed_ = 0;
  double best_accuracy_ = 0;
  std::map<int, double> running_;  // trial -> fraction
};

}  // namespace effnet::apps
