// Training progress for people (stderr), for parent programs (stdout), and the log of a run folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "apps/live_line.h"
#include "training/observer.h"

namespace effnet::apps {

enum class ProgressStyle { kAuto, kJson, kNone };

// kAuto: a live line and a line an epoch. kJson: about twice a second one line on stdout
//   {"step","steps","epoch","epochs","loss","pictures_per_second","seconds_left"}
class StepProgress final : public training::Observer {
 public:
  // Appends a line an epoch and every note to `log`.
  StepProgress(ProgressStyle style, std::filesystem::path log);

  void on_step(const training::StepReport& report) override;
  void on_epoch(const training::EpochReport& report) override;

  void note(const std::string& text);  // to the log, and to stderr unless kNone

 private:
  using Clock = std::chrono::steady_clock;
  void write_log(const std::string& line) const;

  ProgressStyle style_;
  std::filesystem::path log_;
  LiveLine line_;
  Clock::time_point start_ = Clock::now(), last_{};
  std::int64_t first_step_ = -1, pictures_ = 0;
};

}  // namespace effnet::apps
