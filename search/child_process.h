// A spawned program with pipes for stdin and stdout and a file for stderr. It runs in a process group of its
// own, so that a Ctrl-C reaches it only through us and a kill reaches its own children too. When we die it
// sees the end of its stdin; when the object dies the program is ended and reaped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace effnet::search {

struct ChildCommand {
  std::vector<std::string> arguments;  // program first; looked up in PATH unless it has a slash
  std::vector<std::pair<std::string, std::string>> environment;  // on top of ours
  std::filesystem::path log;                                     // stderr is appended; empty: stderr is ours
  bool stderr_to_stdout = false;                                 // read_line gives both; nothing is logged
};

struct ChildExit {
  int code = 0;    // exit code when signal is 0
  int signal = 0;  // the signal that ended it
  bool by_us = false;
};
std::string to_text(const ChildExit& exit);  // "exit code 3", "signal 11 (Segmentation fault)"

class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;
  enum class ReadResult { kLine, kTimeout, kEnd };

  // kEnvironment when the program cannot be started or the log cannot be opened.
  explicit ChildProcess(const ChildCommand& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The line and a newline. False when the program is gone or does not read until the deadline.
  bool write_line(std::string_view line, Clock::time_point deadline);

  // One line without its end, waiting until the deadline. kEnd: stdout was closed, or a line grew beyond 1
  // MiB.
  ReadResult read_line(std::string& line, Clock::time_point deadline);

  void interrupt();  // SIGTERM: asks it to save and end

  // Closes stdin, gives the program `grace` to end by itself, then kills its group; reaps it.
  ChildExit finish(std::chrono::milliseconds grace);

 private:
  void close_pipes();
  bool ended() const;

  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;  // our ends
  std::string buffer_;
  ChildExit exit_;
};

}  // namespace effnet::search
