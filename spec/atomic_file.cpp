#include "spec/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

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
    const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
  const std::string pid = file.stem().extension().string();  // ".123" of FILE.123.tmp
  return file.extension() == ".tmp" && pid.size() > 1 &&
         pid.find_first_not_of("0123456789", 1) == std::string::npos;
}

}  // namespace effnet::spec
