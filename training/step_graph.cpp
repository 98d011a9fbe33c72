#include "training/step_graph.h"

namespace effnet::training {

void StepGraph::run(const torch::Tensor& pictures, const torch::Tensor& labels) {
  if (!pictures_.defined() || !pictures_.sizes().equals(pictures.sizes())) take_shape(pictures, labels);
  device_->run([&] {
    const torch::NoGradGuard no_grad;
    pictures_.copy_(pictures);
    labels_.copy_(labels);
    if (!captured_ && why_.empty() && steps_ == kStepsBefore) capture();
    if (captured_) return device_->replay();
    const torch::AutoGradMode with_grad(true);
    work_(pictures_, labels_);
  });
  if (!captured_) ++steps_;
}

void StepGraph::take_shape(const torch::Tensor& pictures, const torch::Tensor& labels) {
  pictures_ = torch::empty_like(pictures);
  labels_ = torch::empty_like(labels);
  steps_ = 0;
  captured_ = false;
}

void StepGraph::capture() {
  try {
    device_->capture([&] {
      const torch::AutoGradMode with_grad(true);
      work_(pictures_, labels_);
    });
    captured_ = true;
  } catch (const std::exception& error) {
    why_ = error.what();
    why_ = why_.substr(0, why_.find('\n'));
  }
}

}  // namespace effnet::training
