// See house_rules.h. Everything works line by line; the sources are plain enough for that.
#include "tests/structure/house_rules.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

namespace effnet::tests {
namespace {

constexpr int kLongestFile = 600;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view p) { return text.starts_with(p); });
}

std::string at(const SourceFile& file, int line) {
  return file.path + ":" + std::to_string(line) + ": ";
}

bool is_torch(const std::string& name) {
  return starts_with_any(name, {"torch/", "ATen/", "c10/"});
}

bool is_opencv(const std::string& name) {
  return name.starts_with("opencv2/");
}

}  // namespace

const std::vector<std::pair<std::string, std::set<std::string>>>& allowed_includes() {
  static const std::vector<std::pair<std::string, std::set<std::string>>> kTable{
      {"spec", {}},
      {"scaling", {"spec"}},
      {"store", {"spec"}},
      {"search", {"spec", "scaling", "store"}},
      {"report", {"spec", "scaling", "store", "search"}},
      {"data", {"spec"}},
      {"kernels", {}},
      {"cpu", {"kernels"}},
      {"cuda", {"kernels"}},
      {"cudnn", {"kernels", "cuda"}},
      {"ops", {"kernels", "cpu", "cuda", "cudnn"}},
      {"models", {"spec", "kernels", "ops"}},
      {"training", {"spec", "data", "ops", "models"}},
      {"apps",
       {"spec", "scaling", "store", "search", "report", "data", "kernels", "cpu", "cuda", "cudnn", "ops",
        "models", "training"}},
  };
  return kTable;
}

std::vector<SourceFile> read_sources(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  const auto read_folder = [&](const std::string& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu") continue;
      std::ifstream stream(entry.path());
      std::ostringstream text;
      text << stream.rdbuf();
      files.push_back({entry.path().lexically_relative(root).generic_string(), text.str()});
    }
  };
  for (const auto& [folder, allowed] : allowed_includes()) read_folder(folder);
  read_folder("tests");
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> includes;
  int number = 0;
  for (const auto& line : lines_of(file.text)) {
    ++number;
    if (!line.starts_with("#include ")) continue;
    const auto open = line.find_first_of("\"<");
    const auto close = line.find_last_of("\">");
    if (open == std::string::npos || close <= open) continue;
    includes.push_back({number, line[open] == '"', line.substr(open + 1, close - open - 1)});
  }
  return includes;
}

Complaints check_include_edges(const SourceFile& file) {
  Complaints complaints;
  const auto& table = allowed_includes();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const auto& r) { return r.first == file.folder(); });
  if (row == table.end()) return {};  // tests may include everything
  for (const auto& include : includes_of(file)) {
    if (!include.quoted) continue;
    const std::string target = include.name.substr(0, include.name.find('/'));
    if (target != row->first && !row->second.contains(target)) {
      complaints.push_back(at(file, include.line) + row->first + " may not include " + include.name);
    }
  }
  return complaints;
}

Complaints check_torch_is_confined(const SourceFile& file) {
  if (starts_with_any(file.path,
                      {"ops/", "models/", "training/", "apps/effnet_train/", "apps/effnet_bench/", "tests/"}))
    return {};
  Complaints complaints;
  for (const auto& include : includes_of(file)) {
    if (is_torch(include.name))
      complaints.push_back(at(file, include.line) + "LibTorch is not for this folder");
  }
  return complaints;
}

Complaints check_libraries_are_confined(const SourceFile& file) {
  if (file.folder() == "tests") return {};
  Complaints complaints;
  for (const auto& include : includes_of(file)) {
    if (is_opencv(include.name) && file.folder() != "data") {
      complaints.push_back(at(file, include.line) + "OpenCV is for data alone");
    }
    if (!include.quoted && include.name.starts_with("cudnn") && file.folder() != "cudnn") {
      complaints.push_back(at(file, include.line) + "cuDNN's headers are for cudnn alone");
    }
    if (file.is_header() && (is_opencv(include.name) ||
                             starts_with_any(include.name, {"nlohmann/", "toml++/", "CLI/", "SQLiteCpp/",
                                                            "sqlite3.h", "pqxx/", "libpq"}))) {
      complaints.push_back(at(file, include.line) + include.name + " belongs into a .cpp file");
    }
  }
  return complaints;
}

Complaints check_cuda_is_confined(const SourceFile& file) {
  if (file.path.starts_with("cuda/device/") || file.path.starts_with("tests/") ||
      file.path.ends_with(".cu") || file.path == "apps/effnet_bench/device_race.cpp")
    return {};
  Complaints complaints;
  for (const auto& include : includes_of(file)) {
    if (starts_with_any(include.name, {"cuda_", "cuda/device/"}))
      complaints.push_back(at(file, include.line) + include.name + " is for .cu files and cuda/device/");
  }
  return complaints;
}

Complaints check_kernels_go_through_machine(const SourceFile& file) {
  if (file.path == "cuda/device/machine.h" || file.path == "cuda/device/matrix.h" ||
      !(file.path.ends_with(".cu") || file.path.starts_with("cuda/")))
    return {};
  Complaints complaints;
  int number = 0;
  for (const auto& line : lines_of(file.text)) {
    ++number;
    for (const std::string_view word :
         {"<<<", "asm(", "asm volatile", "__shared__", "EFFNET_CUDA_EMULATOR"}) {
      if (line.find(word) != std::string::npos)
        complaints.push_back(at(file, number) + std::string(word) +
                             " is for cuda/device/machine.h and matrix.h");
    }
  }
  return complaints;
}

Complaints check_names(const SourceFile& file) {
  static constexpr std::array<std::string_view, 8> kNameless{"util", "utils",  "utility", "common",
                                                             "misc", "helper", "helpers", "stuff"};
  for (const auto& part :
       std::filesystem::path(file.path).parent_path() / std::filesystem::path(file.path).stem()) {
    if (std::find(kNameless.begin(), kNameless.end(), part.string()) != kNameless.end()) {
      return {file.path + ": '" + part.string() + "' says nothing; name the idea"};
    }
  }
  return {};
}

Complaints check_length(const SourceFile& file) {
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines <= kLongestFile) return {};
  return {file.path + ": " + std::to_string(lines) + " lines; split it"};
}

Complaints check_opening(const SourceFile& file) {
  if (!file.is_header()) return {};
  Complaints complaints;
  if (!file.text.starts_with("// "))
    complaints.push_back(at(file, 1) + "opens without saying what the file is");
  if (file.text.find("\n#pragma once\n") == std::string::npos) {
    complaints.push_back(at(file, 1) + "has no #pragma once");
  }
  return complaints;
}

std::set<std::string> folders_in_table(const std::string& page) {
  std::set<std::string> folders;
  for (const auto& line : lines_of(page)) {
    const auto end = line.find("/` |");
    if (line.starts_with("| `") && end != std::string::npos) folders.insert(line.substr(3, end - 3));
  }
  return folders;
}

std::set<std::string> folders_of_root(const std::filesystem::path& root) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    const bool left_by_a_run = name == "runs" || name == "build" || name.starts_with("build-");
    if (entry.is_directory() && !name.starts_with(".") && !left_by_a_run) folders.insert(name);
  }
  return folders;
}

}  // namespace effnet::tests
