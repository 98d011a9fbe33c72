#include "apps/effnet/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "spec/error.h"

namespace effnet::apps {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "effnet-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw spec::Error(spec::ErrorKind::kEnvironment, name, std::strerror(errno),
                      "set TMPDIR to a folder with room");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace effnet::apps
