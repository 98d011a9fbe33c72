#include "store/run_folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include "spec/atomic_file.h"
#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using effnet::spec::Error;
using effnet::spec::ErrorKind;
using effnet::store::RunFolder;

namespace {

Error error_of(const std::filesystem::path& path, std::string_view kind, std::string_view config) {
  try {
    const RunFolder folder = RunFolder::open(path, kind, config);
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("a folder is created with its identity and opened again by the same run") {
  const effnet::tests::TemporaryFolder scratch;
  { CHECK_FALSE(RunFolder::open(scratch / "runs/one", "search", R"({"seed":1})").reopened()); }
  CHECK(RunFolder::open(scratch / "runs/one", "search", R"({ "seed": 1 })").reopened());
  CHECK(effnet::store::read_identity(scratch / "runs/one").kind == "search");
}

TEST_CASE("a folder of another run is refused, saying what differs") {
  const effnet::tests::TemporaryFolder scratch;
  { const RunFolder folder = RunFolder::open(scratch / "run", "search", R"({"seed":1})"); }
  const Error other_config = error_of(scratch / "run", "search", R"({"seed":2})");
  CHECK(other_config.kind() == ErrorKind::kUsage);
  CHECK(other_config.message().find("seed was 1 and is now 2") != std::string::npos);
  const Error other_kind = error_of(scratch / "run", "fit", R"({"seed":1})");
  CHECK(other_kind.kind() == ErrorKind::kUsage);
  CHECK(other_kind.message().find("'search'") != std::string::npos);
}

TEST_CASE("a folder with files of somebody else is not touched") {
  const effnet::tests::TemporaryFolder scratch;
  effnet::spec::write_file_atomically(scratch / "thesis.tex", "years of work");
  CHECK(error_of(scratch.path(), "search", "{}").kind() == ErrorKind::kUsage);
  CHECK_FALSE(std::filesystem::exists(scratch / ".lock"));
  CHECK(error_of(scratch / "thesis.tex", "search", "{}").kind() == ErrorKind::kEnvironment);
}

TEST_CASE("a start that died before its identity was written does not block the folder") {
  const effnet::tests::TemporaryFolder scratch;
  effnet::spec::write_file_atomically(scratch / ".lock", "123");
  effnet::spec::write_file_atomically(scratch / "run.json.123.tmp", "{");
  CHECK_FALSE(RunFolder::open(scratch.path(), "search", "{}").reopened());
}

TEST_CASE("a damaged identity is bad data") {
  const effnet::tests::TemporaryFolder scratch;
  effnet::spec::write_file_atomically(scratch / "run.json", "{\"format\":1,\"kind\":");
  CHECK(error_of(scratch.path(), "search", "{}").kind() == ErrorKind::kBadData);
}

TEST_CASE("two processes cannot work in one folder and a killed one releases it") {
  const effnet::tests::TemporaryFolder scratch;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const RunFolder folder = RunFolder::open(scratch.path(), "search", "{}");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char byte;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  const Error error = error_of(scratch.path(), "search", "{}");
  CHECK(error.kind() == ErrorKind::kEnvironment);
  CHECK(error.message().find(std::to_string(child)) != std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(RunFolder::open(scratch.path(), "search", "{}").reopened());
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("what a killed process was writing does not make a folder somebody else's") {
  const effnet::tests::TemporaryFolder scratch;
  effnet::spec::write_file_atomically(scratch / "metrics.csv.4711.tmp", "half a li");
  CHECK_FALSE(RunFolder::open(scratch.path(), "train", "{}").reopened());
  const effnet::tests::TemporaryFolder other;
  effnet::spec::write_file_atomically(other / "notes.tmp", "a user's own");
  CHECK(error_of(other.path(), "train", "{}").kind() == ErrorKind::kUsage);
}
