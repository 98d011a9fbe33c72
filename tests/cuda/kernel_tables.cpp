// kernel_tables REPORT.ptxas ...: the tables of docs/kernels.md, as Markdown on stdout: what ptxas says of the kernels in
// the given reports, and what the emulator counts on B0's depthwise layers. The target kernel-tables runs it.
#include <algorithm>
#include <cstdio>

#include "tests/cuda/b0_layers.h"
#include "tests/cuda/ptxas_report.h"
#include "tests/cuda/traffic.h"

using namespace effnet::tests;

namespace {

// Blocks of a processor with 65,536 registers, given out to warps in units of 256.
int blocks_by_registers(int registers, int threads) {
  const int of_warp = (registers * 32 + 255) / 256 * 256;
  return 65536 / (of_warp * threads / 32);
}

void print_resources(const std::vector<KernelResources>& kernels) {
  std::printf(
      "| kernel | for | registers | spilled bytes | blocks of a processor |\n| --- | --- | --- | --- | --- "
      "|\n");
  for (const KernelResources& kernel : kernels) {
    const int threads = kernel.kernel.find("_row_walk") != std::string::npos ? 256 : 1024;
    std::printf("| `%s` | %s | %d | %d | %d |\n", kernel.kernel.c_str(), kernel.architecture.c_str(),
                kernel.registers, kernel.spill_stores + kernel.spill_loads,
                blocks_by_registers(kernel.registers, threads));
  }
}

void print_traffic() {
  std::printf(
      "\n| layer, bfloat16 | forward: counted KB | by model | asked | backward: counted KB | by model | "
      "asked |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const DepthwiseShape& shape : b0_depthwise_layers(1)) {
    const CountedTraffic forward = forward_traffic(shape, Storage::kBfloat16);
    const CountedTraffic backward = backward_traffic(shape, Storage::kBfloat16);
    std::printf("| %s | %.0f | %.3f | %.2f | %.0f | %.3f | %.2f |\n", name_of(shape).c_str(),
                forward.counted / 1e3, forward.ratio(), forward.maps_asked, backward.counted / 1e3,
                backward.ratio(), backward.maps_asked);
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<KernelResources> kernels;
  for (int i = 1; i < count; ++i) {
    for (const KernelResources& kernel : read_ptxas_report(arguments[i])) kernels.push_back(kernel);
  }
  std::sort(kernels.begin(), kernels.end(), [](const KernelResources& a, const KernelResources& b) {
    return std::pair(a.kernel, a.architecture) < std::pair(b.kernel, b.architecture);
  });
  if (!kernels.empty()) print_resources(kernels);
  print_traffic();
}
