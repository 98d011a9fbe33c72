#include "report/picture_renderer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "report/embedded_files.h"
#include "spec/error.h"

extern char** environ;

namespace effnet::report {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kPatience = 120s;
constexpr int kNoPackage = 3;  // exit code of the script

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "effnet-chart-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw spec::Error(spec::ErrorKind::kEnvironment, name, "a temporary folder could not be made",
                        "free some space or give a writable TMPDIR");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Waits for the child; a child that takes too long is killed. Returns its exit code, or nothing.
std::optional<int> exit_code_of(pid_t child) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  for (;;) {
    const pid_t done = waitpid(child, &status, WNOHANG);
    if (done == child) break;
    if (done < 0 && errno != EINTR) return std::nullopt;
    if (std::chrono::steady_clock::now() > deadline) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return std::nullopt;
    }
    std::this_thread::sleep_for(5ms);
  }
  if (!WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

// Runs a program without a shell; nothing when it could not be started or did not end by itself.
std::optional<int> run(const std::vector<std::string>& command, const fs::path& errors) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return std::nullopt;
  return exit_code_of(child);
}

std::optional<std::string> content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.find_last_of('\n') + 1);
}

}  // namespace

std::vector<std::string> chart_pythons() {
  return {EFFNET_CHART_PYTHON, "python3"};
}

Pictures render_pictures(std::string_view specification, const std::vector<std::string>& endings,
                         const std::vector<std::string>& pythons) {
  Pictures pictures;
  if (endings.empty()) return pictures;
  const ScratchFolder scratch;
  const fs::path input = scratch.path() / "chart.json", errors = scratch.path() / "errors.txt";
  if (!(std::ofstream(input, std::ios::binary) << specification))
    throw spec::Error(spec::ErrorKind::kEnvironment, input.string(), "could not be written",
                      "free some space in the temporary folder");

  for (const std::string& python : pythons) {
    std::vector<std::string> command{python, "-c", std::string(render_chart_script()), input.string()};
    for (const std::string& ending : endings)
      command.push_back((scratch.path() / ("chart." + ending)).string());
    const std::optional<int> code = run(command, errors);
    if (!code || *code == kNoPackage || *code == 127) continue;  // no such Python, or one without vl_convert
    for (const std::string& ending : endings) {
      std::optional<std::string> bytes = content(scratch.path() / ("chart." + ending));
      if (bytes && !bytes->empty()) pictures.bytes.emplace_back(ending, std::move(*bytes));
    }
    if (*code != 0 || pictures.bytes.size() != endings.size())
      pictures.note = fmt::format("not every picture was drawn: {}", last_line(content(errors).value_or("")));
    return pictures;
  }
  pictures.note = "pictures are drawn by vl-convert, which was not found (scripts/setup.sh installs it)";
  return pictures;
}

}  // namespace effnet::report
