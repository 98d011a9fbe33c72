// The one file of the benchmark that needs LibTorch's CUDA headers.
#include "apps/effnet_bench/graphed_step.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <torch/cuda.h>

#include <memory>

namespace effnet::apps {

std::function<void()> as_graph(const std::function<void()>& work) {
  constexpr int kWarmUps = 3;
  const auto graph = std::make_shared<at::cuda::CUDAGraph>();
  const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
  torch::cuda::synchronize();  // what the work reads may still be on its way
  {
    const c10::cuda::CUDAStreamGuard guard(stream);
    for (int i = 0; i < kWarmUps; ++i) work();
    stream.synchronize();
    graph->capture_begin();
    work();
    graph->capture_end();
  }
  return [graph] { graph->replay(); };
}

}  // namespace effnet::apps
