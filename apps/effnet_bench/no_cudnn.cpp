// What cudnn_contender.cpp is in a build without cuDNN.
#include "apps/effnet_bench/cudnn_contender.h"

namespace effnet::apps {

std::string cudnn_version() {
  return "";
}

std::optional<CudnnContender> cudnn_contender(const PeerConvolution&, DeviceRace&) {
  return std::nullopt;
}

}  // namespace effnet::apps
