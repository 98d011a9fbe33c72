// The rules of the house as functions from source text to complaints, so that the test can plant a fault and
// see it found. The table of folders is docs/architecture.md's.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace effnet::tests {

struct SourceFile {
  std::string path;  // from the root, with slashes: "spec/error.h"
  std::string text;

  std::string folder() const { return path.substr(0, path.find('/')); }
  bool is_header() const { return path.ends_with(".h"); }
};

struct Include {
  int line = 0;
  bool quoted = false;  // "spec/error.h", not <vector>
  std::string name;
};

using Complaints = std::vector<std::string>;  // "spec/error.h:3: includes ..., which ..."

// Folder -> the folders it may include beside its own, in dependency order.
const std::vector<std::pair<std::string, std::set<std::string>>>& allowed_includes();

// Every .h, .cpp and .cu below the folders of the house and tests/.
std::vector<SourceFile> read_sources(const std::filesystem::path& root);
std::vector<Include> includes_of(const SourceFile& file);

Complaints check_include_edges(const SourceFile& file);
Complaints check_torch_is_confined(const SourceFile& file);
Complaints check_libraries_are_confined(const SourceFile& file);
// CUDA's headers, and ours that need them, stay with the kernels: host code compiles without a toolkit.
Complaints check_cuda_is_confined(const SourceFile& file);
// A kernel uses no word that the emulator does not know (cuda/device/machine.h and matrix.h are the only forks).
Complaints check_kernels_go_through_machine(const SourceFile& file);
Complaints check_names(const SourceFile& file);
Complaints check_length(const SourceFile& file);
Complaints check_opening(const SourceFile& file);

// The folders that the page's table names: rows that begin "| `spec/` |".
std::set<std::string> folders_in_table(const std::string& page);
// The folders of the root that are part of the project: not hidden, not what a build or a run leaves.
std::set<std::string> folders_of_root(const std::filesystem::path& root);

}  // namespace effnet::tests
