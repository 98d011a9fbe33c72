#include "spec/atomic_file.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using tests::error_of;

TEST_CASE("what was written is read back, and nothing else is left in the folder") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "a.txt", "one");
  spec::write_file_atomically(folder / "a.txt", "two");
  CHECK(spec::read_file(folder / "a.txt") == "two");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a write that fails half way leaves the old file as it was") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "a.txt", "precious");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const spec::Error error =
      error_of([&] { spec::write_file_atomically(folder / "a.txt", std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK(error.kind() == spec::ErrorKind::kEnvironment);
  CHECK(spec::read_file(folder / "a.txt") == "precious");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

namespace {

// The number of a process that has ended and been waited for: no process's now.
pid_t ended_process() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  waitpid(pid, nullptr, 0);
  return pid;
}

// Written by a process that was killed two minutes ago.
void leave(const std::filesystem::path& file) {
  spec::write_file_atomically(file, "half a li");
  std::filesystem::last_write_time(file,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
}

std::string temporary_of(const char* target, pid_t pid) {
  return target + ("." + std::to_string(pid)) + ".tmp";
}

}  // namespace

TEST_CASE("writing a file removes what killed processes left of earlier attempts at it, and nothing else") {
  const tests::TemporaryFolder folder;
  const pid_t dead = ended_process(), alive = getppid();
  const std::string left = temporary_of("a.txt", dead);
  const std::string kept[] = {temporary_of("a.txt", alive),    temporary_of("b.txt", dead),
                              temporary_of("la.txt", dead),    "a.txt.old.tmp",
                              "a.txt." + std::to_string(dead), "a.txt.99999999999999999999.tmp"};
  for (const std::string& name : kept) leave(folder / name);
  leave(folder / left);
  const std::string young = temporary_of("a.txt", ended_process());
  spec::write_file_atomically(folder / young, "perhaps another machine's");
  spec::write_file_atomically(folder / "a.txt", "whole");
  CHECK_FALSE(std::filesystem::exists(folder / left));
  CHECK(std::filesystem::exists(folder / young));
  CHECK(spec::read_file(folder / "a.txt") == "whole");
  for (const std::string& name : kept) {
    CAPTURE(name);
    CHECK(std::filesystem::exists(folder / name));
  }
}

TEST_CASE("a name without a folder is written where we are, leftovers removed as anywhere") {
  const tests::TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const std::string left = temporary_of("a.txt", ended_process());
  leave(left);
  spec::write_file_atomically("a.txt", "whole");
  std::filesystem::current_path(before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a missing file and a folder are bad data, with their name") {
  const tests::TemporaryFolder folder;
  CHECK(error_of([&] { spec::read_file(folder / "missing"); }).where() == (folder / "missing").string());
  CHECK(error_of([&] { spec::read_file(folder.path()); }).kind() == spec::ErrorKind::kBadData);
  CHECK(error_of([&] { spec::write_file_atomically(folder / "no" / "folder.txt", "x"); }).kind() ==
        spec::ErrorKind::kEnvironment);
}
