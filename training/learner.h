// A net with all that a training step changes: weights, gradients, optimizer, moving average, sum of losses.
// One step is forward, backward, optimizer, average; the loop around it is the Trainer's. On a GPU steps by the project's
// kernels become a CUDA graph (training/step_graph.h).
#pragma once

#include <cstdint>
#include <memory>

#include "models/net.h"
#include "spec/recipe.h"
#include "training/compute.h"
#include "training/ema.h"
#include "training/flat_state.h"
#include "training/optimizer.h"
#include "training/step_graph.h"

namespace effnet::training {

struct LearnerOptions {
  spec::ArchSpec arch;
  spec::Recipe recipe;
  std::uint64_t seed = 0;  // of the weights, of dropout and stochastic depth
  Compute compute;
};

class Learner {
 public:
  explicit Learner(const LearnerOptions& options);
  Learner(const Learner&) = delete;  // the graph's work holds on to it
  Learner& operator=(const Learner&) = delete;

  // pictures (N, C, H, W) channels_last, labels (N) int64, both on the device; `number` is the step's, from
  // 0.
  void step(const torch::Tensor& pictures, const torch::Tensor& labels, std::int64_t number,
            double learning_rate);

  // Sum of the losses of all steps since it was set; asking waits for a GPU.
  double loss_sum() const { return loss_sum_.item<double>(); }
  void set_loss_sum(double sum) { loss_sum_.fill_(sum); }

  models::Net& net() { return net_; }
  models::Net* average() { return ema_ ? &ema_->net() : nullptr; }
  void restart_average();  // from the weights as they are

  models::NamedTensors tensors() const;  // model.*, ema.*, optimizer.*, the learner's own

  // Makes steps a graph of that device; what no device has is for tests.
  void use_graph(std::unique_ptr<GraphDevice> device);
  const StepGraph* graph() const { return graph_.get(); }

 private:
  void compute(const torch::Tensor& pictures, const torch::Tensor& labels);
  void keep_parameters_flat();
  void refresh_copy();

  LearnerOptions options_;
  models::Net net_;
  FlatState state_;
  Optimizer optimizer_;
  std::unique_ptr<Ema> ema_;
  torch::Tensor loss_sum_;  // double scalar on the device
  std::unique_ptr<StepGraph> graph_;
  torch::Tensor bfloat16_;  // of the parameters, where maps are stored so and the kernels are CUDA's
  std::vector<torch::Tensor> copied_;  // what it is a copy of: the parameters, flat and one by one
  std::uint64_t writes_seen_ = 0;      // to these by LibTorch, when the copy was made
};

}  // namespace effnet::training
