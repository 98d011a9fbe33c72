// LibTorch's operators in a race with a launch: the convolution and what the launch does around it, an operator each. The
// statistics of y are left to whoever normalises it, as LibTorch has it.
#pragma once

#include <functional>

#include "apps/effnet_bench/launch_cases.h"

namespace effnet::apps {

// On tensors of its own on the CUDA device; runs on LibTorch's current stream.
std::function<void(cuda::Stream)> reference_contender(const PeerConvolution& peer);

}  // namespace effnet::apps
