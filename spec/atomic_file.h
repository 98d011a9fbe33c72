// Files that are either whole or not there: temporary file in the same folder, fsync, rename, fsync of the
// folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace effnet::spec {

// Error{kEnvironment} with errno's words (full disk, no permission); the old file is left as it was.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

// Error{kBadData} if it is missing or unreadable.
std::string read_file(const std::filesystem::path& file);

}  // namespace effnet::spec
