// A folder for files that nobody keeps; it goes with the object.
#pragma once

#include <filesystem>

namespace effnet::apps {

class ScratchFolder {
 public:
  ScratchFolder();  // where the system keeps such folders (TMPDIR, /tmp); Error{kEnvironment} if it cannot
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace effnet::apps
