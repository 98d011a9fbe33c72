// What run_work.cpp is in a build without nvcc.
#include <stdexcept>

#include "cuda/work.h"

namespace effnet::cuda {

bool has_kernels() {
  return false;
}

void run(std::span<const Work>, Stream) {
  throw std::logic_error("this program was built without CUDA kernels");
}

}  // namespace effnet::cuda
