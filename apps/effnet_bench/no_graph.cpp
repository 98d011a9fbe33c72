// What graphed_step.cpp is in a build without CUDA.
#include <stdexcept>

#include "apps/effnet_bench/graphed_step.h"

namespace effnet::apps {

std::function<void()> as_graph(const std::function<void()>&) {
  throw std::logic_error("there is no device");
}

}  // namespace effnet::apps
