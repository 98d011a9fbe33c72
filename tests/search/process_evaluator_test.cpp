#include "search/process_evaluator.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "spec/atomic_file.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using spec::Outcome;
using spec::OutcomeKind;
using tests::contains;
using tests::error_of;

namespace {

class Recorder final : public Reporter {
 public:
  void progress(int, double fraction) override { fractions.push_back(fraction); }
  bool go_on(int) override { return wanted; }
  std::vector<double> fractions;
  bool wanted = true;
};

spec::Trial trial(int number) {
  spec::Trial trial;
  trial.number = number;
  trial.seed = 17;
  trial.candidate.arch = spec::parse_arch("- | mb_k3_s1_e1_c8_r1 | - | fc10 @1x8 silu", "test");
  trial.budget = {.pictures = 10, .epochs = 2};
  return trial;
}

// A shell script that sees one line a trial in $line and its number in $n.
struct Script {
  tests::TemporaryFolder folder;
  ProcessEvaluator evaluator;
  Recorder recorder;

  explicit Script(const std::string& body, double timeout = 10, const std::string& before = "")
      : evaluator({.command = {.arguments = {"/bin/sh", "-c",
                                             before + "\nwhile read -r line; do n=${line#*:}; n=${n%%,*}\n" +
                                                 body + "\ndone"},
                               .environment = {{"EFFNET_TEST_GREETING", "hello"}},
                               .log = folder / "log.txt"},
                   .timeout = timeout}) {}
  Outcome run(int number) { return evaluator.evaluate(trial(number), recorder); }
};

constexpr const char* kAnswer =
    R"(echo "{\"trial\":$n,\"accuracy\":88.5,\"loss\":0.4,\"pictures\":20,\"seconds\":1.5}")";

bool gone(pid_t pid) {
  for (int i = 0; i < 200 && kill(pid, 0) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return kill(pid, 0) != 0;
}

}  // namespace

TEST_CASE("a child answers trial after trial and reports its progress") {
  Script script(
      std::string(R"(echo "{\"trial\":$n,\"progress\":0.25}"; echo "{\"trial\":$n,\"progress\":0.75}"; )") +
      kAnswer);
  for (const int number : {3, 4}) {
    const Outcome outcome = script.run(number);
    CHECK(outcome.scored());
    CHECK(outcome.accuracy == 88.5);
    CHECK(outcome.pictures == 20);
    CHECK(outcome.seconds == 1.5);
  }
  CHECK(script.recorder.fractions == std::vector<double>{.25, .75, .25, .75});
}

TEST_CASE("the child sees the trial as one JSON line and the environment it was given") {
  Script seen(
      R"(case "$line" in '{"trial":3,"arch":"- | mb_k3_s1_e1_c8_r1 | - | fc10 @1x8 silu"'*'"seed":17'*) ;; *) exit 9;; esac
[ "$EFFNET_TEST_GREETING" = hello ] || exit 8
)" + std::string(kAnswer));
  const Outcome outcome = seen.run(3);
  INFO(outcome.message);
  CHECK(outcome.scored());
}

TEST_CASE("a child that reports a failure of its own is believed") {
  Script script(
      R"(echo "{\"trial\":$n,\"error\":\"diverged\",\"message\":\"loss is not finite at step 17\"}")");
  const Outcome outcome = script.run(3);
  CHECK(outcome.kind == OutcomeKind::kDiverged);
  CHECK(outcome.message == "loss is not finite at step 17");
}

TEST_CASE("a crash fails one trial, says why, and the next trial gets a new child") {
  Script script(std::string("if [ $n = 1 ]; then echo 'assertion failed: x > 0' >&2; kill -SEGV $$; fi; ") +
                kAnswer);
  CHECK(script.run(0).scored());
  const Outcome crash = script.run(1);
  CHECK(crash.kind == OutcomeKind::kCrashed);
  CHECK(contains(crash.message, "signal 11"));
  CHECK(contains(crash.message, "assertion failed: x > 0"));
  CHECK(script.run(2).scored());
}

TEST_CASE("a program that was killed from outside is said to be") {
  Script script(std::string("[ $n = 1 ] && kill -KILL $$; ") + kAnswer);
  const Outcome killed = script.run(1);
  CHECK((killed.kind == OutcomeKind::kCrashed || killed.kind == OutcomeKind::kOutOfMemory));
  CHECK(contains(killed.message, "memory"));
  CHECK(script.run(2).scored());
}

TEST_CASE("a hang is ended with its own children and fails one trial") {
  Script script(std::string("if [ $n = 1 ]; then echo $$ > \"$PIDS\"; sleep 60; fi; ") + kAnswer, 0.8,
                "PIDS=${TMPDIR:-/tmp}/effnet-hang-$PPID");
  const auto start = std::chrono::steady_clock::now();
  const Outcome hang = script.run(1);
  CHECK(hang.kind == OutcomeKind::kTimedOut);
  CHECK(contains(hang.message, "0.8 s"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  const auto file = std::filesystem::temp_directory_path() / ("effnet-hang-" + std::to_string(getpid()));
  CHECK(gone(std::stoi(spec::read_file(file))));
  std::filesystem::remove(file);
  CHECK(script.run(2).scored());
}

TEST_CASE("garbage fails one trial") {
  const char* answers[] = {"echo hello",
                           R"(echo '{"trial":99,"accuracy":50}')",
                           R"(echo '{"trial":1,"accuracy":880}')",
                           R"(echo '{"trial":1}')",
                           R"(echo '{"trial":1,"accuracy":"high"}')",
                           R"(echo '[1,2')",
                           R"(printf '\377\376\000\n')",
                           "head -c 3000000 /dev/zero"};
  for (const char* answer : answers) {
    INFO(answer);
    Script script(std::string("if [ $n = 1 ]; then ") + answer + "; else " + kAnswer + "; fi");
    CHECK(script.run(1).kind == OutcomeKind::kCrashed);
    CHECK(script.run(2).scored());
  }
}

TEST_CASE("a program that closes its output or never reads does not hold the study up") {
  Script closes("exec >&-; sleep 60");
  CHECK(closes.run(1).kind == OutcomeKind::kCrashed);
  ProcessEvaluator deaf({.command = {.arguments = {"sleep", "60"}}, .timeout = 0.2});
  Recorder recorder;
  CHECK(deaf.evaluate(trial(1), recorder).kind == OutcomeKind::kTimedOut);
}

TEST_CASE("a trial that is not wanted any more is dropped at once") {
  Script script("sleep 60");
  script.recorder.wanted = false;
  const auto start = std::chrono::steady_clock::now();
  CHECK(error_of([&] { script.run(1); }).kind() == spec::ErrorKind::kStopped);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a program that cannot work at all ends the study instead of failing every trial") {
  Recorder recorder;
  ProcessEvaluator missing({.command = {.arguments = {"/no/such/program"}}});
  CHECK(error_of([&] { missing.evaluate(trial(0), recorder); }).kind() == spec::ErrorKind::kEnvironment);
  Script no_data("", 10, "echo 'train-images: no such file' >&2; exit 3");
  const spec::Error error = error_of([&] { no_data.run(0); });
  CHECK(error.kind() == spec::ErrorKind::kBadData);
  CHECK(contains(error.message(), "train-images: no such file"));
}

TEST_CASE("the child ends with its evaluator and leaves no zombie") {
  const auto file = std::filesystem::temp_directory_path() / ("effnet-end-" + std::to_string(getpid()));
  {
    Script script(kAnswer, 10, "echo $$ > ${TMPDIR:-/tmp}/effnet-end-$PPID");
    CHECK(script.run(0).scored());
  }
  CHECK(gone(std::stoi(spec::read_file(file))));
  std::filesystem::remove(file);
}

TEST_CASE("a program's stderr can be read along with its stdout") {
  ChildProcess child({.arguments = {"/bin/sh", "-c", "echo first; echo second >&2; exit 3"},
                      .environment = {},
                      .log = {},
                      .stderr_to_stdout = true});
  const auto deadline = ChildProcess::Clock::now() + std::chrono::seconds(10);
  std::string line;
  REQUIRE(child.read_line(line, deadline) == ChildProcess::ReadResult::kLine);
  CHECK(line == "first");
  REQUIRE(child.read_line(line, deadline) == ChildProcess::ReadResult::kLine);
  CHECK(line == "second");
  CHECK(child.read_line(line, deadline) == ChildProcess::ReadResult::kEnd);
  CHECK(child.finish(std::chrono::seconds(10)).code == 3);
}
