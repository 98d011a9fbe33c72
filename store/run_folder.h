// An output folder that knows whose it is. run.json holds {"format", "kind", "config"}; it is the first file
// written, atomically. A lock (flock on `.lock`, released by the kernel when the process dies) keeps a second
// process out. Re-opening with the same kind and config is how a run goes on after it was stopped.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace effnet::store {

class RunFolder {
 public:
  static constexpr int kFormat = 1;

  // Creates the folder (and its parents), or opens the one that is there.
  //   kUsage        the folder holds other files, or another kind or config; the message names the difference
  //   kBadData      run.json is damaged
  //   kEnvironment  another process works in it (its pid is named), no permission, full disk
  static RunFolder open(const std::filesystem::path& path, std::string_view kind,
                        std::string_view config_json);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&& other) noexcept;
  ~RunFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  bool reopened() const { return reopened_; }  // the folder was there with the same config

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  void lock();

  std::filesystem::path path_;
  int lock_ = -1;
  bool reopened_ = false;
};

// What a folder says it is, without locking it. kBadData when it is no run folder or damaged.
struct RunIdentity {
  std::string kind;
  std::string config_json;
};
RunIdentity read_identity(const std::filesystem::path& folder);

}  // namespace effnet::store
