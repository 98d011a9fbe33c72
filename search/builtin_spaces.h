// The spaces that come with the program: search/spaces/*.toml, built into it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "search/space.h"

namespace effnet::search {

struct BuiltinSpace {
  std::string_view name;
  std::string_view toml;
};

std::span<const BuiltinSpace> builtin_spaces();

// A built-in space by name; kUsage with a suggestion if there is none.
Space builtin_space(std::string_view name);

// What --space means: the name of a built-in space, else a file.
Space load_space(const std::string& name_or_file);
std::string space_text(const std::string& name_or_file);  // its TOML, for the record of a run

}  // namespace effnet::search
