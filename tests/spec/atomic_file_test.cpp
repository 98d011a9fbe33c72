#include "spec/atomic_file.h"

#include <sys/resource.h>

#include <csignal>

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

TEST_CASE("a missing file and a folder are bad data, with their name") {
  const tests::TemporaryFolder folder;
  CHECK(error_of([&] { spec::read_file(folder / "missing"); }).where() == (folder / "missing").string());
  CHECK(error_of([&] { spec::read_file(folder.path()); }).kind() == spec::ErrorKind::kBadData);
  CHECK(error_of([&] { spec::write_file_atomically(folder / "no" / "folder.txt", "x"); }).kind() ==
        spec::ErrorKind::kEnvironment);
}
