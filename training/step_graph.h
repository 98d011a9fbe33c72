// Training steps of one net on one shape of batch as a CUDA graph: hundreds of launches become one, which matters where a
// step is short. What is captured must take everything that differs from step to step from memory that stays in its place:
// the batch is copied to such memory here, the rest is the Learner's.
//
// A new shape runs some steps as they are (LibTorch's allocator, cuDNN and autograd settle), then one is captured, then
// replayed. Where it cannot be captured, steps go on as they are and why() says why.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>

namespace effnet::training {

// A device's part in it, so that the rest can be tested without one.
class GraphDevice {
 public:
  virtual ~GraphDevice() = default;
  // On a stream of its own, behind all that was asked for before and in front of all that follows.
  virtual void run(const std::function<void()>& work) = 0;
  // Captures the work, which is not done by it; throws where it cannot be captured. Within run().
  virtual void capture(const std::function<void()>& work) = 0;
  virtual void replay() = 0;  // what was captured last, within run()
};

// Null in a build without CUDA.
std::unique_ptr<GraphDevice> cuda_graph_device();

class StepGraph {
 public:
  static constexpr int kStepsBefore = 3;
  using Work = std::function<void(const torch::Tensor& pictures, const torch::Tensor& labels)>;

  // `work` is done once a run().
  StepGraph(std::unique_ptr<GraphDevice> device, Work work)
      : device_(std::move(device)), work_(std::move(work)) {}

  void run(const torch::Tensor& pictures, const torch::Tensor& labels);

  bool replays() const { return captured_; }
  const std::string& why() const { return why_; }  // there is no graph; empty while there may be one

 private:
  void take_shape(const torch::Tensor& pictures, const torch::Tensor& labels);
  void capture();

  std::unique_ptr<GraphDevice> device_;
  Work work_;
  torch::Tensor pictures_, labels_;  // what is captured reads
  int steps_ = 0;                    // of this shape
  bool captured_ = false;
  std::string why_;
};

}  // namespace effnet::training
