#include "apps/effnet_train/step_progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"

namespace effnet::apps {
namespace {

constexpr auto kJsonInterval = std::chrono::milliseconds(500);

std::string epoch_line(const training::EpochReport& r) {
  std::string text =
      fmt::format("epoch {}: train loss {:.4f}, lr {:.4g}", r.epoch + 1, r.train_loss, r.learning_rate);
  if (r.evaluated) text += fmt::format(", held-out top-1 {:.2f} %, loss {:.4f}", r.eval_top1, r.eval_loss);
  if (r.evaluated && r.has_ema)
    text += fmt::format("; moving average {:.2f} %, {:.4f}", r.ema_top1, r.ema_loss);
  return text;
}

}  // namespace

StepProgress::StepProgress(ProgressStyle style, std::filesystem::path log)
    : style_(style),
      log_(std::move(log)),
      line_(style == ProgressStyle::kAuto ? LiveLine::Style::kAuto : LiveLine::Style::kSilent) {}

void StepProgress::on_step(const training::StepReport& report) {
  const Clock::time_point now = Clock::now();
  if (first_step_ < 0) {
    first_step_ = report.step - 1;
    start_ = last_ = now;
    return;  // the first step warms up and sets the clock
  }
  pictures_ += report.pictures;
  if (style_ == ProgressStyle::kNone || now - last_ < kJsonInterval) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double a_step = seconds / static_cast<double>(report.step - first_step_ - 1);
  const double left = a_step * static_cast<double>(report.steps - report.step);
  const double speed = static_cast<double>(pictures_) / seconds;
  if (style_ == ProgressStyle::kAuto) {
    line_.update(fmt::format("epoch {}/{}  step {}/{}  loss {:.3f}  {:.0f} pictures/s  {} left",
                             report.epoch + 1, report.epochs, report.step, report.steps, report.loss, speed,
                             duration_text(left)));
    return;
  }
  const nlohmann::ordered_json json{{"step", report.step},   {"steps", report.steps},
                                    {"epoch", report.epoch}, {"epochs", report.epochs},
                                    {"loss", report.loss},   {"pictures_per_second", speed},
                                    {"seconds_left", left}};
  print_result(json.dump() + "\n");
}

void StepProgress::on_epoch(const training::EpochReport& report) {
  note(epoch_line(report));
}

void StepProgress::note(const std::string& text) {
  write_log(text);
  if (style_ == ProgressStyle::kAuto) line_.note(text);
}

void StepProgress::write_log(const std::string& line) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::ofstream(log_, std::ios::app) << fmt::format("{:%F %T} {}\n", now, line);
}

}  // namespace effnet::apps
