// A program run as a shell would run it: its own arguments, stdin empty, stdout and stderr into files that are read
// when it has ended.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "spec/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace effnet::tests {

struct Finished {
  int code = 0;  // exit code, or 128 + signal
  std::string out, err;
  double seconds = 0;
};

struct Surroundings {
  std::string out;               // a file for stdout instead of one of ours: /dev/full
  std::size_t file_size = 0;     // no file may grow beyond this; 0: any size
  std::filesystem::path folder;  // working folder; empty: ours
  bool as_nobody = false;  // where we are root: as a user who owns nothing (exit code 126 if that fails)
};

class Program {
 public:
  explicit Program(std::vector<std::string> arguments, const Surroundings& around = {})
      : start_(std::chrono::steady_clock::now()) {
    const std::string out = around.out.empty() ? (files_ / "out").string() : around.out;
    const std::string err = (files_ / "err").string();
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0644), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0644), 2);
    if (around.file_size > 0) {
      const rlimit limit{around.file_size, around.file_size};
      setrlimit(RLIMIT_FSIZE, &limit);
      signal(SIGXFSZ, SIG_IGN);  // a write beyond it fails, as on a full disk
    }
    if (!around.folder.empty() && chdir(around.folder.c_str()) != 0) _exit(126);
    if (around.as_nobody && geteuid() == 0 && !become_nobody()) _exit(126);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  ~Program() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal_it(int number) const { kill(pid_, number); }

  // True when `ready` holds before the program has ended and before `limit`.
  bool wait_until(const std::function<bool()>& ready,
                  std::chrono::seconds limit = std::chrono::seconds(60)) const {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < deadline) {
      if (ready()) return true;
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == pid_) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  Finished finish() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    Finished result;
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (std::filesystem::exists(files_ / "out")) result.out = spec::read_file(files_ / "out");
    result.err = spec::read_file(files_ / "err");
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    return result;
  }

 private:
  static bool become_nobody() {
    constexpr unsigned kNobody = 65534;  // Debian's number
    return setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0;
  }

  TemporaryFolder files_;
  std::chrono::steady_clock::time_point start_;
  pid_t pid_ = -1;
};

inline Finished run(std::string program, std::vector<std::string> arguments,
                    const Surroundings& around = {}) {
  arguments.insert(arguments.begin(), std::move(program));
  return Program(std::move(arguments), around).finish();
}

inline Finished effnet(std::vector<std::string> arguments, const Surroundings& around = {}) {
  return run(EFFNET_PROGRAM, std::move(arguments), around);
}

inline Finished effnet_train(std::vector<std::string> arguments, const Surroundings& around = {}) {
  return run(EFFNET_TRAIN_PROGRAM, std::move(arguments), around);
}

// One clear message: it starts with the program's name, is short, and is no trace of a crash.
inline void check_one_message(const Finished& finished, int code, const std::string& word) {
  CAPTURE(finished.err);
  CHECK(finished.code == code);
  CHECK(contains(finished.err, word));
  CHECK(finished.err.starts_with("effnet"));
  CHECK(std::count(finished.err.begin(), finished.err.end(), '\n') <= 6);
  for (const char* trace : {"terminate called", "c10::", "frame #", "std::", "json.exception", "Assertion"})
    CHECK_FALSE(contains(finished.err, trace));
}

}  // namespace effnet::tests
