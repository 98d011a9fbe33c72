#include "spec/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>

#include "spec/error.h"

namespace effnet::spec {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, std::string_view doing, int error) {
  std::string_view advice = "check the folder's permissions";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    advice = "free some space and run the same command again; what was written before is intact";
  throw Error(ErrorKind::kEnvironment, file.string(),
              fmt::format("{} failed: {}", doing, std::strerror(error)), advice);
}

constexpr std::size_t kLongest = std::size_t{256} << 20;

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

// 123 of FILE.123.tmp; nothing for any other name.
std::optional<pid_t> writer_of(const std::filesystem::path& file) {
  const std::string number = file.stem().extension().string();  // ".123"
  if (file.extension() != ".tmp" || number.size() < 2) return {};
  pid_t pid = 0;
  const char* end = number.data() + number.size();
  const auto [stopped, error] = std::from_chars(number.data() + 1, end, pid);
  return error == std::errc{} && stopped == end && pid > 0 ? std::optional(pid) : std::nullopt;
}

bool has_ended(pid_t pid) {
  return kill(pid, 0) != 0 && errno == ESRCH;
}

// A process number says nothing about other machines and containers that write into the same folder, so a leftover must
// also be older than any write takes.
bool is_old(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  return !error && std::filesystem::file_time_type::clock::now() - written > std::chrono::minutes(1);
}

// A number that another process has by now keeps a leftover for a later time.
void remove_leftovers(const std::filesystem::path& target) {
  std::error_code ignored;  // they are in nobody's way
  std::filesystem::directory_iterator entry(folder_of(target), ignored);
  for (; !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
    const std::filesystem::path& file = entry->path();
    const std::optional<pid_t> writer = writer_of(file);
    if (!writer || file.stem().stem() != target.filename() || !has_ended(*writer) || !is_old(file)) continue;
    unlink(file.c_str());
  }
}

// Closes the descriptor on every path and removes the temporary file unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target), name_(fmt::format("{}.{}.tmp", target.string(), getpid())) {
    descriptor_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail(target_, "creating the file", errno);
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!renamed_) unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target_, "writing", errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(descriptor_) != 0) fail(target_, "writing", errno);
  }

  void rename_to_target() {
    if (rename(name_.c_str(), target_.c_str()) != 0) fail(target_, "replacing the file", errno);
    renamed_ = true;
    sync_folder();
  }

 private:
  void sync_folder() const {
    const int descriptor = open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
  }

  std::filesystem::path target_;
  std::string name_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

}  // namespace

void write_file_atomically(const std::filesystem::path& file, std::string_view bytes) {
  remove_leftovers(file);  // first: on a full disk they are the space that is missing
  TemporaryFile temporary(file);
  temporary.write_all(bytes);
  temporary.rename_to_target();
}

std::string read_file(const std::filesystem::path& file) {
  std::error_code unreachable;  // then opening it says why
  if (std::filesystem::is_directory(file, unreachable)) {
    throw Error(ErrorKind::kBadData, file.string(), "is a folder; a file was expected");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw Error(ErrorKind::kBadData, file.string(), fmt::format("cannot be read: {}", std::strerror(errno)),
                "check the path");
  }
  std::string bytes, chunk(1 << 16, '\0');
  while (stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || stream.gcount() > 0) {
    bytes.append(chunk, 0, static_cast<std::size_t>(stream.gcount()));
    if (bytes.size() > kLongest) {  // a device like /dev/zero has no end
      throw Error(ErrorKind::kBadData, file.string(), "holds more than 256 MiB; a small text was expected",
                  "check the path");
    }
  }
  if (stream.bad())
    throw Error(ErrorKind::kBadData, file.string(), "reading stopped early", "check the disk");
  return bytes;
}

bool is_interrupted_write(const std::filesystem::path& file) {
  return writer_of(file).has_value();
}

}  // namespace effnet::spec
