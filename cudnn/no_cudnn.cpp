// What convolution.cpp is in a build without cuDNN: no convolution has a plan.
#include <stdexcept>

#include "cudnn/convolution.h"

namespace effnet::cudnn {

struct Device::Parts {};
struct ConvolutionPlan::Parts {};

Device Device::current() {
  return {};
}

std::vector<ConvolutionPlan> find_plans(const Device&, const Convolution&, Direction, std::size_t) {
  return {};
}

void ConvolutionPlan::run(const ConvolutionMemory&, Stream) const {
  throw std::runtime_error("this program was built without cuDNN");
}

}  // namespace effnet::cudnn
