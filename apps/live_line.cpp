#include "apps/live_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace effnet::apps {
namespace {

using Clock = std::chrono::steady_clock;

// What fits into the terminal; a line that wraps could not be rewritten.
std::string_view fitting(std::string_view text) {
  winsize size{};
  const std::size_t columns =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 100;
  return text.substr(0, columns - 1);
}

}  // namespace

std::string duration_text(double seconds) {
  const long whole = std::lround(std::max(seconds, 0.0));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

LiveLine::LiveLine(Style style) : terminal_(isatty(STDERR_FILENO) != 0), silent_(style == Style::kSilent) {}

LiveLine::~LiveLine() {
  erase();
}

void LiveLine::update(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (silent_) return;
  const auto now = Clock::now();
  if (last_ != Clock::time_point{} && now - last_ < interval()) return;
  last_ = now;
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", fitting(text));
    shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

void LiveLine::note(std::string_view text) {
  erase();
  const std::lock_guard lock(mutex_);
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

void LiveLine::erase() {
  const std::lock_guard lock(mutex_);
  if (shown_) fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace effnet::apps
