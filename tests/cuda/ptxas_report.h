// What ptxas -v said of each kernel when it was compiled (cmake/keep_ptxas_report.sh).
#pragma once

#include <string>
#include <vector>

namespace effnet::tests {

struct KernelResources {
  std::string
      kernel;  // demangled, without namespaces and parameters: "depthwise_forward_row_walk<Bfloat16, 3, 1>"
  std::string architecture;                          // "sm_90a"
  int registers = 0;                                 // of a thread
  int stack = 0, spill_stores = 0, spill_loads = 0;  // bytes of a thread
  int static_shared = 0;                             // bytes of a block
};

// Throws std::runtime_error for a file that is not there, or a kernel that is not told about in full.
std::vector<KernelResources> read_ptxas_report(const std::string& path);
std::vector<KernelResources> parse_ptxas_report(const std::string& text);

}  // namespace effnet::tests
