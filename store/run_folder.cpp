#include "store/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "spec/atomic_file.h"
#include "spec/error.h"
#include "store/config_difference.h"

namespace effnet::store {
namespace {

using Json = nlohmann::ordered_json;
using spec::Error;
using spec::ErrorKind;
namespace fs = std::filesystem;

constexpr const char* kIdentityFile = "run.json";
constexpr const char* kLockFile = ".lock";

[[noreturn]] void fail(const fs::path& path, std::string_view doing, int error) {
  throw Error(ErrorKind::kEnvironment, path.string(),
              fmt::format("{} failed: {}", doing, std::strerror(error)),
              "check the permissions and the space on the disk, or give another folder");
}

void create_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) fail(path, "creating the folder", error.value());
  if (!fs::is_directory(path)) {
    throw Error(ErrorKind::kUsage, path.string(), "is a file; an output folder was expected");
  }
}

// What is allowed before the identity is written: an earlier start may have died right there.
bool is_ours_before_identity(const fs::path& file) {
  return file.filename() == kLockFile || spec::is_interrupted_write(file);
}

void refuse_foreign(const fs::path& path) {
  if (fs::exists(path / kIdentityFile)) return;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (is_ours_before_identity(entry->path())) continue;
    throw Error(ErrorKind::kUsage, path.string(),
                fmt::format("the folder holds other files ('{}') and no {}",
                            entry->path().filename().string(), kIdentityFile),
                "give a new or an empty folder as --output");
  }
  if (error) fail(path, "reading the folder", error.value());
}

RunIdentity parse_identity(const fs::path& file) {
  const std::string text = spec::read_file(file);
  try {
    const Json json = Json::parse(text);
    if (const int format = json.at("format").get<int>(); format != RunFolder::kFormat) {
      throw Error(ErrorKind::kBadData, file.string(),
                  fmt::format("format {} is not known; this program reads {}", format, RunFolder::kFormat),
                  "use the program version that wrote it, or give another folder");
    }
    return {json.at("kind").get<std::string>(), json.at("config").dump()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, file.string(), fmt::format("is damaged: {}", error.what()),
                "give another folder, or remove this one if nothing in it is needed");
  }
}

std::string identity_text(std::string_view kind, std::string_view config_json) {
  Json json;
  json["format"] = RunFolder::kFormat;
  json["kind"] = kind;
  json["config"] = Json::parse(config_json);
  return json.dump(2) + "\n";
}

void refuse_other(const fs::path& path, const RunIdentity& stored, std::string_view kind,
                  std::string_view config_json) {
  if (stored.kind != kind) {
    throw Error(ErrorKind::kUsage, path.string(),
                fmt::format("the folder belongs to a '{}' run, this is a '{}' run", stored.kind, kind),
                "give another --output folder");
  }
  const std::string difference = config_difference(stored.config_json, config_json, path.string());
  if (difference.empty()) return;
  throw Error(ErrorKind::kUsage, path.string(),
              fmt::format("the folder belongs to a run with other settings: {}", difference),
              "repeat the settings it was started with to go on with it, or give another --output folder");
}

}  // namespace

RunFolder RunFolder::open(const fs::path& path, std::string_view kind, std::string_view config_json) {
  create_folder(path);
  refuse_foreign(path);
  RunFolder folder(path);
  folder.lock();
  const fs::path identity = path / kIdentityFile;
  if (fs::exists(identity)) {
    refuse_other(path, parse_identity(identity), kind, config_json);
    folder.reopened_ = true;
  } else {
    spec::write_file_atomically(identity, identity_text(kind, config_json));
  }
  return folder;
}

void RunFolder::lock() {
  const fs::path file = path_ / kLockFile;
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) fail(file, "creating the lock", errno);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail(file, "locking", errno);
    char holder[32] = {};
    if (pread(lock_, holder, sizeof holder - 1, 0) <= 0) std::strcpy(holder, "unknown");
    throw Error(ErrorKind::kEnvironment, path_.string(),
                fmt::format("another process (pid {}) works in this folder", holder),
                "wait for it, stop it, or give another --output folder");
  }
  const std::string pid = std::to_string(getpid());
  // The pid is only for the message above; the lock holds whether or not it could be written.
  if (ftruncate(lock_, 0) != 0 || pwrite(lock_, pid.data(), pid.size(), 0) < 0) errno = 0;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), reopened_(other.reopened_) {}

RunFolder& RunFolder::operator=(RunFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  std::swap(reopened_, other.reopened_);
  return *this;
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
}

RunIdentity read_identity(const fs::path& folder) {
  return parse_identity(folder / kIdentityFile);
}

}  // namespace effnet::store
