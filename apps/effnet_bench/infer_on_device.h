// effnet-bench infer --device cuda: logits of pictures that lie on the device, by nets at their own resolution: the project's
// kernels and LibTorch's operators, eager or as one CUDA graph. A small batch measures latency, a large one throughput.
#pragma once

#include "apps/effnet_bench/device_flags.h"

namespace effnet::apps {

// spec::Error{kEnvironment} where there is no device.
void infer_on_device(const BenchFlags& flags, const DeviceFlags& of);

}  // namespace effnet::apps
