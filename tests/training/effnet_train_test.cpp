// effnet-train as a user and as a parent process meet it: SIGKILL at any moment and again, Ctrl-C, another
// configuration, a finished run, trials that fail.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "spec/atomic_file.h"
#include "spec/run_record.h"
#include "spec/trial.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
namespace fs = std::filesystem;

namespace {

constexpr const char* kNet = "conv_k3_s1_c8 | mb_k3_s2_e2_c8_r2_se0.25 | - | fc3 @1x8 silu";

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

// IDX files of three classes of stripes; `first` makes the test part differ.
void write_part(const fs::path& folder, const std::string& part, std::uint32_t count, unsigned first) {
  std::string images = big_endian(0x803) + big_endian(count) + big_endian(8) + big_endian(8);
  std::string labels = big_endian(0x801) + big_endian(count);
  unsigned random = first;
  for (std::uint32_t n = 0; n < count; ++n) {
    labels += static_cast<char>(n % 3);
    for (unsigned i = 0; i < 64; ++i) {
      random = random * 1664525u + 1013904223u;
      const bool bright = n % 3 == 0 ? i / 8 % 2 == 0 : n % 3 == 1 ? i % 2 == 0 : i < 32;
      images += static_cast<char>((bright ? 120 : 0) + random / 256 % 120);
    }
  }
  spec::write_file_atomically(folder / (part + "-images-idx3-ubyte"), images);
  spec::write_file_atomically(folder / (part + "-labels-idx1-ubyte"), labels);
}

fs::path write_data(const fs::path& folder) {
  fs::create_directories(folder);
  write_part(folder, "train", 330, 1);
  write_part(folder, "t10k", 60, 2);
  return folder;
}

struct Process {
  pid_t pid = -1;

  Process(std::vector<std::string> arguments, const fs::path& in, const fs::path& out, const fs::path& err) {
    arguments.insert(arguments.begin(), EFFNET_TRAIN);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid = fork();
    if (pid != 0) return;
    const auto redirect = [](const fs::path& file, int flags, int to) {
      dup2(open(file.c_str(), flags, 0644), to);
    };
    redirect(in, O_RDONLY, 0);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, 2);
    execv(pointers[0], pointers.data());
    _exit(127);
  }

  // Exit code, or 128 + signal.
  int wait() const {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // Until `ready` or the end of the process.
  bool wait_for(const std::function<bool()>& ready) const {
    for (int i = 0; i < 6000; ++i) {
      if (ready()) return true;
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == pid) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

std::vector<std::string> train_arguments(const fs::path& data, const fs::path& output) {
  return {"train",       "--arch",      kNet,
          "--data-dir",  data.string(), "--dataset",
          "idx",         "--output",    output.string(),
          "--epochs",    "12",          "--batch-size",
          "8",           "--seed",      "3",
          "--ema-decay", "0.99",        "--holdout",
          "60",          "--progress",  "json",
          "--drop-path", "0.2",         "--crop-padding",
          "1",           "--lr-base",   "1.6"};
}

std::string metrics_of(const fs::path& run) {
  return spec::read_file(run / "metrics.csv");
}

}  // namespace

TEST_CASE("a run killed again and again ends with the same weights, metrics and scores") {
  const tests::TemporaryFolder folder;
  const fs::path data = write_data(folder / "data");
  const auto start = [&](const fs::path& run) {
    return Process(train_arguments(data, run), "/dev/null", folder / "out", folder / "err");
  };
  REQUIRE(start(folder / "whole").wait() == 0);
  const fs::path run = folder / "killed";
  int kills = 0;
  for (std::size_t rows = 2; rows < 12; rows += 3) {
    const Process process = start(run);
    const bool came = process.wait_for([&] {
      if (!fs::exists(run / "metrics.csv")) return false;
      const std::string text = metrics_of(run);
      return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) > rows;
    });
    if (came) std::this_thread::sleep_for(std::chrono::milliseconds(7 * rows));  // somewhere in an epoch
    kill(process.pid, SIGKILL);
    kills += process.wait() == 128 + SIGKILL;
  }
  CHECK(kills >= 2);
  REQUIRE(start(run).wait() == 0);
  CHECK(metrics_of(folder / "whole") == metrics_of(run));
  CHECK(spec::read_file(folder / "whole" / "model.safetensors") ==
        spec::read_file(run / "model.safetensors"));
  const auto record = [](const fs::path& file) {
    return spec::run_record_from_json(spec::read_file(file), "r");
  };
  const auto a = record(folder / "whole" / "results.json"), b = record(run / "results.json");
  CHECK(a.top1 == b.top1);
  CHECK(a.class_accuracy == b.class_accuracy);
  CHECK(a.train_pictures == 270);
  CHECK(a.test_pictures == 60);
  CHECK(a.top1 > 60);

  SECTION("a finished run prints its result again; another configuration is refused; --force replaces it") {
    const auto before = fs::last_write_time(run / "results.json");
    auto printing = train_arguments(data, run);
    printing.insert(printing.end(), {"--json"});
    std::replace(printing.begin(), printing.end(), std::string("json"), std::string("none"));
    CHECK(Process(printing, "/dev/null", folder / "out", folder / "err").wait() == 0);
    CHECK(fs::last_write_time(run / "results.json") == before);
    CHECK(spec::run_record_from_json(spec::read_file(folder / "out"), "stdout").run == b.run);
    auto other = train_arguments(data, run);
    other.insert(other.end(), {"--hflip"});
    CHECK(Process(other, "/dev/null", folder / "out", folder / "err").wait() == 2);
    CHECK(spec::read_file(folder / "err").find("hflip") != std::string::npos);
    other.insert(other.end(), {"--force"});
    const int code = Process(other, "/dev/null", folder / "out", folder / "err").wait();
    INFO(spec::read_file(folder / "err"));
    REQUIRE(code == 0);
    CHECK(record(run / "results.json").recipe.hflip);
  }
}

TEST_CASE("SIGTERM: exit code 75, a checkpoint, and the command that goes on") {
  const tests::TemporaryFolder folder;
  const fs::path data = write_data(folder / "data"), run = folder / "run";
  auto arguments = train_arguments(data, run);
  arguments.insert(arguments.end(), {"--name", "it's"});
  arguments[9 + 1] = "400";  // epochs: long enough to be stopped
  REQUIRE(arguments[9] == "--epochs");
  const Process process(arguments, "/dev/null", folder / "out", folder / "err");
  REQUIRE(process.wait_for([&] { return fs::exists(run / "metrics.csv"); }));
  kill(process.pid, SIGTERM);
  CHECK(process.wait() == 75);
  CHECK(fs::exists(run / "checkpoints" / "last.safetensors"));
  const std::string err = spec::read_file(folder / "err");
  CHECK(err.find("go on with: ") != std::string::npos);
  CHECK(err.find("'it'\\''s'") != std::string::npos);
  CHECK(spec::read_file(folder / "out").empty());
}

TEST_CASE("serve answers every trial, failed ones too, and repeats itself") {
  const tests::TemporaryFolder folder;
  const fs::path data = write_data(folder / "data");
  spec::Trial good{.number = 1, .seed = 9, .budget = {.pictures = 120, .epochs = 2}};
  good.candidate.arch = spec::parse_arch(kNet, "test");
  spec::Trial unfit = good, huge = good, again = good;
  unfit.number = 2;
  unfit.candidate.arch.input_channels = 3;
  huge.number = 3;
  huge.candidate.arch =
      spec::parse_arch("conv_k31_s1_c65536 | conv_k31_s1_c65536 | - | fc3 @1x8 silu", "test");
  again.number = 4;
  std::string lines;
  for (const auto& trial : {good, unfit, huge, again}) lines += spec::trial_json(trial) + "\n";
  spec::write_file_atomically(folder / "in", lines);
  const Process process({"serve", "--data-dir", data.string(), "--dataset", "idx", "--holdout", "90",
                         "--batch-size", "8", "--lr-base", "1.6"},
                        folder / "in", folder / "out", folder / "err");
  CHECK(process.wait() == 0);
  std::vector<std::string> answers;
  std::ifstream out(folder / "out");
  for (std::string line; std::getline(out, line);) {
    if (line.find("\"progress\"") == std::string::npos) answers.push_back(line);
  }
  REQUIRE(answers.size() == 4);
  const auto first = spec::outcome_from_json(answers[0], 1, "t"),
             last = spec::outcome_from_json(answers[3], 4, "t");
  CHECK(first.scored());
  CHECK(first.accuracy > 40);
  CHECK(first.pictures == 240);
  CHECK(first.accuracy == last.accuracy);
  CHECK(first.loss == last.loss);
  CHECK(spec::outcome_from_json(answers[1], 2, "t").kind == spec::OutcomeKind::kCrashed);
  CHECK(spec::outcome_from_json(answers[2], 3, "t").kind == spec::OutcomeKind::kOutOfMemory);
}

TEST_CASE(
    "serve says on stderr what LibTorch's operators compute, once for all trials and only if it is not asked "
    "for") {
  const tests::TemporaryFolder folder;
  const fs::path data = write_data(folder / "data");
  spec::Trial grouped{.number = 1, .seed = 9, .budget = {.pictures = 60, .epochs = 2}};
  grouped.candidate.arch =
      spec::parse_arch("conv_k3_s1_c8 | bottleneck_k3_s1_c8_m8_r2_g2 | - | fc3 @1x8 relu", "test");
  spec::Trial again = grouped;
  again.number = 2;
  spec::write_file_atomically(folder / "in",
                              spec::trial_json(grouped) + "\n" + spec::trial_json(again) + "\n");
  const auto told = [&](const std::string& kernels) {
    const Process process({"serve", "--data-dir", data.string(), "--dataset", "idx", "--holdout", "90",
                           "--batch-size", "8", "--kernels", kernels},
                          folder / "in", folder / "out", folder / "err");
    CHECK(process.wait() == 0);
    CHECK(spec::read_file(folder / "out").find("\"trial\":2") != std::string::npos);
    const std::string err = spec::read_file(folder / "err");
    int times = 0;
    for (std::size_t at = err.find("in groups"); at != std::string::npos; at = err.find("in groups", at + 1))
      ++times;
    return times;
  };
  CHECK(told("auto") == 1);
  CHECK(told("reference") == 0);
}

TEST_CASE("what a user can get wrong has its exit code") {
  const tests::TemporaryFolder folder;
  const fs::path data = write_data(folder / "data");
  const auto code = [&](std::vector<std::string> more) {
    auto arguments = train_arguments(data, folder / "run");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Process(arguments, "/dev/null", folder / "out", folder / "err").wait();
  };
  CHECK(code({"--opt", "sdg"}) == 2);
  CHECK(spec::read_file(folder / "err").find("did you mean 'sgd'") != std::string::npos);
  CHECK(code({"--epoch", "3"}) == 2);
  CHECK(code({"--bn-momentum", "0.9"}) == 2);
  CHECK(code({"--device", "cuda:99"}) == 4);
  CHECK(code({"--initial-checkpoint", (data / "train-labels-idx1-ubyte").string()}) == 3);
}
