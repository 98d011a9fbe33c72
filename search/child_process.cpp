#include "search/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "spec/error.h"

extern char** environ;

namespace effnet::search {
namespace {

using spec::Error;
using spec::ErrorKind;

constexpr std::size_t kLongestLine = 1 << 20;

[[noreturn]] void fail(const std::string& what, std::string_view doing, int error) {
  throw Error(ErrorKind::kEnvironment, what, fmt::format("{} failed: {}", doing, std::strerror(error)));
}

struct Pipe {
  int read = -1, write = -1;
  explicit Pipe(const std::string& program) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail(program, "making a pipe", errno);
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    for (const int end : {read, write}) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

// posix_spawn's two option objects, freed on every path.
struct SpawnOptions {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnOptions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  // Own process group; no signal blocked; SIGPIPE as usual, so that a program whose reader died ends.
  void start_clean() {
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&usual, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
};

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& additions) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(additions.begin(), additions.end(),
                                      [&](const auto& addition) { return addition.first == name; });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : additions) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// While it lives a write to a closed pipe is EPIPE in this thread and no signal.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

// True when `descriptor` is ready for `events` (or at its end) before the deadline.
bool wait_for(int descriptor, short events, ChildProcess::Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - ChildProcess::Clock::now());
    pollfd entry{descriptor, events, 0};
    const auto timeout = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
    const int ready = poll(&entry, 1, static_cast<int>(timeout));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (left.count() <= 0) return false;
  }
}

}  // namespace

std::string to_text(const ChildExit& exit) {
  if (exit.signal == 0) return fmt::format("exit code {}", exit.code);
  return fmt::format("signal {} ({})", exit.signal, strsignal(exit.signal));
}

ChildProcess::ChildProcess(const ChildCommand& command) {
  const std::string& program = command.arguments.at(0);
  Pipe input(program), output(program);
  SpawnOptions options;
  options.start_clean();
  posix_spawn_file_actions_adddup2(&options.actions, input.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&options.actions, output.write, STDOUT_FILENO);
  int log = -1;
  if (command.stderr_to_stdout) {
    posix_spawn_file_actions_adddup2(&options.actions, output.write, STDERR_FILENO);
  } else if (!command.log.empty()) {
    log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) fail(command.log.string(), "opening the log", errno);
    posix_spawn_file_actions_adddup2(&options.actions, log, STDERR_FILENO);
  }
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_with(command.environment);
  const int error = posix_spawnp(&pid_, program.c_str(), &options.actions, &options.attributes,
                                 pointers(arguments).data(), pointers(environment).data());
  if (log >= 0) close(log);
  if (error != 0) {
    pid_ = -1;
    throw Error(ErrorKind::kEnvironment, program, fmt::format("cannot be started: {}", std::strerror(error)),
                "check that the program exists and may be executed");
  }
  input_ = std::exchange(input.write, -1);
  output_ = std::exchange(output.read, -1);
  fcntl(input_, F_SETFL, O_NONBLOCK);
  fcntl(output_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  finish(std::chrono::milliseconds(0));
}

bool ChildProcess::write_line(std::string_view line, Clock::time_point deadline) {
  const NoSigpipe guard;
  std::string text(line);
  text += '\n';
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = write(input_, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (!wait_for(input_, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

ChildProcess::ReadResult ChildProcess::read_line(std::string& line, Clock::time_point deadline) {
  std::array<char, 4096> chunk;
  std::size_t searched = 0;
  while (true) {
    if (const std::size_t end = buffer_.find('\n', searched); end != std::string::npos) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return ReadResult::kLine;
    }
    searched = buffer_.size();
    if (buffer_.size() > kLongestLine) return ReadResult::kEnd;
    const ssize_t count = read(output_, chunk.data(), chunk.size());
    if (count > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      return ReadResult::kEnd;
    } else if (errno == EAGAIN) {
      if (!wait_for(output_, POLLIN, deadline)) return ReadResult::kTimeout;
    } else if (errno != EINTR) {
      return ReadResult::kEnd;
    }
  }
}

void ChildProcess::close_pipes() {
  for (int* end : {&input_, &output_}) {
    if (*end >= 0) close(std::exchange(*end, -1));
  }
}

// Whether the program has ended; it stays a zombie, so that its process group's number stays ours.
bool ChildProcess::ended() const {
  siginfo_t info{};
  int result = 0;
  do {
    result = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  } while (result < 0 && errno == EINTR);
  return result < 0 || info.si_pid == pid_;
}

void ChildProcess::interrupt() {
  if (pid_ > 0) kill(pid_, SIGTERM);
}

ChildExit ChildProcess::finish(std::chrono::milliseconds grace) {
  if (pid_ < 0) return exit_;
  close_pipes();
  const auto deadline = Clock::now() + grace;
  while (!ended() && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  exit_.by_us = !ended();
  kill(-pid_, SIGKILL);  // the whole group: what the program itself started must not outlive it
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == pid_ && WIFEXITED(status)) exit_.code = WEXITSTATUS(status);
  if (reaped == pid_ && WIFSIGNALED(status)) exit_.signal = WTERMSIG(status);
  pid_ = -1;
  return exit_;
}

}  // namespace effnet::search
