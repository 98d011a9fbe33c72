// The launches of a net at inference on CUDA, as ops/inference.h makes them (cuda/inference_net.h). Torch-free; nothing is
// launched here.
#pragma once

#include "apps/effnet_bench/launch_cases.h"

namespace effnet::apps {

// What the cases' memory holds, in bytes. Error{kUsage} at `where` for a net with a layer that there are no kernels for.
std::size_t inference_memory(const NetOnDevice& net, std::string_view where);

// In `memory`: first all launches as they follow each other, then every distinct one. The classifier, which is LibTorch's, is
// not in it. Without memory they can be counted and not run.
std::vector<LaunchCase> inference_cases(const NetOnDevice& net, void* memory);

// The bytes of a batch by the kernels' models.
cuda::BytesModel inference_bytes(const NetOnDevice& net);

}  // namespace effnet::apps
