// One micro-kernel as effnet-bench kernels times it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cpu/kernel_table.h"

namespace effnet::apps {

struct KernelCase {
  std::string name;
  std::string unit;  // GFLOP/s or Gelem/s
  double work = 0;   // of one call, in 1e9
  std::function<void(const cpu::KernelTable&, float* memory)> call;
};

inline constexpr cpu::Index kRoom = 1 << 20;  // floats that a case may work in

// The kernels of inference, for maps of float and of bfloat16.
std::vector<KernelCase> inference_kernel_cases(const cpu::KernelTable& table);

}  // namespace effnet::apps
