#include "tests/cuda/ptxas_report.h"

#include <cxxabi.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace effnet::tests {
namespace {

std::string plain_name(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
  std::string name = demangled ? demangled.get() : mangled;
  name =
      std::regex_replace(name, std::regex(R"(effnet::(cuda|tests)::|\(anonymous namespace\)::|^void )"), "");
  return name.substr(0, name.find('('));
}

}  // namespace

std::vector<KernelResources> parse_ptxas_report(const std::string& text) {
  static const std::regex kEntry("Compiling entry function '([^']+)' for '([^']+)'");
  static const std::regex kStack(
      "([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
  static const std::regex kUsed("Used ([0-9]+) registers(.*?([0-9]+) bytes smem)?");
  std::vector<KernelResources> kernels;
  int told = 0;  // of stack and registers
  std::istringstream stream(text);
  std::smatch match;
  for (std::string line; std::getline(stream, line);) {
    if (std::regex_search(line, match, kEntry)) {
      kernels.push_back({.kernel = plain_name(match[1]), .architecture = match[2]});
    } else if (kernels.empty()) {
      continue;
    } else if (std::regex_search(line, match, kStack)) {
      ++told;
      kernels.back().stack = std::stoi(match[1]);
      kernels.back().spill_stores = std::stoi(match[2]);
      kernels.back().spill_loads = std::stoi(match[3]);
    } else if (std::regex_search(line, match, kUsed)) {
      ++told;
      kernels.back().registers = std::stoi(match[1]);
      if (match[3].matched) kernels.back().static_shared = std::stoi(match[3]);
    }
  }
  if (told != 2 * static_cast<int>(kernels.size()))
    throw std::runtime_error("ptxas' report has another form");
  return kernels;
}

std::vector<KernelResources> read_ptxas_report(const std::string& path) {
  std::ifstream stream(path);
  if (!stream)
    throw std::runtime_error(path + ": no report of ptxas; the object was not compiled by this build");
  std::ostringstream text;
  text << stream.rdbuf();
  return parse_ptxas_report(text.str());
}

}  // namespace effnet::tests
