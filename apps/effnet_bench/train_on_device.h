// effnet-bench train --device cuda: whole training steps of nets at their own resolution on pictures that lie on the
// device, by the project's kernels and by LibTorch's operators, eager or as one CUDA graph.
#pragma once

#include "apps/effnet_bench/device_flags.h"

namespace effnet::apps {

// spec::Error{kEnvironment} where there is no device.
void train_on_device(const BenchFlags& flags, const DeviceFlags& of);

}  // namespace effnet::apps
