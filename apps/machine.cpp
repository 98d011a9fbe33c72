#include "apps/machine.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace effnet::apps {
namespace {

// The value of the first "key : value" line of /proc/cpuinfo.
std::string cpuinfo(std::string_view key) {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(key) && colon != std::string::npos && colon + 2 <= line.size())
      return line.substr(colon + 2);
  }
  return {};
}

}  // namespace

std::string machine_name() {
  const std::string name = cpuinfo("model name");
  return name.empty() ? "unknown processor" : name;
}

std::vector<std::string> cpu_features() {
  std::istringstream flags(cpuinfo("flags"));
  std::vector<std::string> all, found;
  for (std::string flag; flags >> flag;) all.push_back(flag);
  for (const char* wanted : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"}) {
    if (std::find(all.begin(), all.end(), wanted) != all.end()) found.emplace_back(wanted);
  }
  return found;
}

}  // namespace effnet::apps
