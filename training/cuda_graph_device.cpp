// The one file of training/ that needs LibTorch's CUDA headers; no_cuda_graph_device.cpp stands in where a build has none.
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

#include "training/step_graph.h"

namespace effnet::training {
namespace {

class CudaGraphDevice : public GraphDevice {
 public:
  void run(const std::function<void()>& work) override {
    const c10::cuda::CUDAStream outside = c10::cuda::getCurrentCUDAStream();
    before_.record(outside);
    before_.block(stream_);
    {
      const c10::cuda::CUDAStreamGuard guard(stream_);
      work();
    }
    after_.record(stream_);
    after_.block(outside);
  }

  void capture(const std::function<void()>& work) override {
    graph_ = std::make_unique<at::cuda::CUDAGraph>();
    stream_.synchronize();
    graph_->capture_begin();
    try {
      work();
    } catch (...) {
      // The stream has to leave its state of being captured; that this fails is known.
      try {
        graph_->capture_end();
      } catch (const std::exception&) {
      }
      graph_.reset();
      throw;
    }
    graph_->capture_end();
  }

  void replay() override { graph_->replay(); }

 private:
  c10::cuda::CUDAStream stream_ = c10::cuda::getStreamFromPool();
  at::cuda::CUDAEvent before_, after_;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

}  // namespace

std::unique_ptr<GraphDevice> cuda_graph_device() {
  return std::make_unique<CudaGraphDevice>();
}

}  // namespace effnet::training
