// The stream that LibTorch's own kernels are launched on. The one file of ops/ that needs the toolkit's headers.
#include <c10/cuda/CUDAStream.h>

#include "ops/cuda_execution.h"

namespace effnet::ops {

cuda::Stream stream_of(const torch::Tensor& tensor) {
  return tensor.is_cuda() ? c10::cuda::getCurrentCUDAStream(tensor.get_device()).stream() : nullptr;
}

}  // namespace effnet::ops
