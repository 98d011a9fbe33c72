// One live line of progress on stderr: rewritten in place on a terminal, a plain line now and then elsewhere.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

namespace effnet::apps {

// "3 min 20 s", "45 s", "2 h 05 min".
std::string duration_text(double seconds);

class LiveLine {
 public:
  enum class Style { kAuto, kSilent };

  explicit LiveLine(Style style = Style::kAuto);
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  // Between two lines, and how long work is waited for before it is worth one.
  std::chrono::milliseconds interval() const { return std::chrono::milliseconds(terminal_ ? 200 : 10'000); }

  // Shown at most five times a second on a terminal, every ten seconds elsewhere. Safe from any thread.
  void update(std::string_view text);
  // A line that stays, printed at once.
  void note(std::string_view text);

 private:
  void erase();

  std::mutex mutex_;
  bool terminal_ = false;
  bool silent_ = false;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace effnet::apps
