// Flags of what `--device cuda` measures: whole nets at their own resolution, beside LibTorch's operators in each way to run
// them there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/effnet_bench/bench_flags.h"

namespace effnet::apps {

struct DeviceFlags {
  std::vector<std::string> nets{"b0"};
  std::vector<std::int64_t> batches;
  std::string dtype = "bfloat16";  // of maps
  std::string csv;
};

// `half` is what there is to know about peers in half precision.
BenchChoices device_choices(const std::string& half);

// All but --dtype.
void add_device_flags(CLI::App& command, DeviceFlags& flags);

// spec::Error{kUsage} where a flag was given that is for the other device; `for_cuda` are the names of those that the CPU
// has not.
void check_device_flags(const CLI::App& command, const BenchFlags& flags,
                        const std::vector<std::string>& for_cuda);

}  // namespace effnet::apps
