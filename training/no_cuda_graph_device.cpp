// What cuda_graph_device.cpp is in a build without CUDA.
#include "training/step_graph.h"

namespace effnet::training {

std::unique_ptr<GraphDevice> cuda_graph_device() {
  return nullptr;
}

}  // namespace effnet::training
