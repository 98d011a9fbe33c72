// cuDNN in a race with a launch: the same convolution without what surrounds it, forward, or both gradients one after the
// other. no_cudnn.cpp stands in where a build has no cuDNN.
#pragma once

#include <optional>
#include <string>

#include "apps/effnet_bench/device_race.h"
#include "apps/effnet_bench/launch_cases.h"

namespace effnet::apps {

std::string cudnn_version();  // "9.19.0"; empty: there is none

struct CudnnContender {
  std::function<void(cuda::Stream)> work;
  std::string engines;  // "0", and going back "22+9": cuDNN's numbers of those that were fastest
};

// The fastest of the first plans that cuDNN names; nothing where it has none, or no memory for one.
std::optional<CudnnContender> cudnn_contender(const PeerConvolution& peer, DeviceRace& race);

}  // namespace effnet::apps
