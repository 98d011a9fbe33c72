// Files that are either whole or not there: temporary file in the same folder, fsync, rename, fsync of the
// folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace effnet::spec {

// Error{kEnvironment} with errno's words (full disk, no permission); the old file is left as it was. Temporary files of
// the same target that are a minute old and whose processes have ended are removed.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

// Error{kBadData} if it is missing or unreadable.
std::string read_file(const std::filesystem::path& file);

// Whether the name is that of a temporary file, FILE.PID.tmp, that a killed process left behind.
bool is_interrupted_write(const std::filesystem::path& file);

}  // namespace effnet::spec
