// What cuda_stream.cpp is in a build without CUDA.
#include "ops/cuda_execution.h"

namespace effnet::ops {

cuda::Stream stream_of(const torch::Tensor&) {
  return nullptr;
}

}  // namespace effnet::ops
