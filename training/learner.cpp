#include "training/learner.h"

#include "ops/flat_parameters.h"
#include "spec/trial.h"
#include "training/loss.h"

namespace effnet::training {
namespace {

models::Net make_net(const LearnerOptions& options) {
  models::Net net(options.arch, models::regularization_of(options.recipe),
                  spec::derive_seed(options.seed, "weights"), options.compute.context(),
                  options.compute.maps);
  net->to(options.compute.device);
  return net;
}

// Whether parameters are the kernels' of CUDA to read and to write (ops/flat_parameters.h).
bool keeps_parameters_flat(const Compute& compute) {
  const bool on_cuda = compute.device.is_cuda() || compute.cuda_memory == ops::CudaMemory::kHost;
  return on_cuda && compute.context().by_own_kernels();
}

// Vectors of 8 numbers in whatever they are stored. On the CPU none, for checkpoints to stay what they are.
std::int64_t alignment_for(const Compute& compute) {
  return keeps_parameters_flat(compute) ? 8 : 1;
}

}  // namespace

Learner::Learner(const LearnerOptions& options)
    : options_(options),
      net_(make_net(options)),
      state_(*net_, alignment_for(options.compute)),
      optimizer_(options.recipe, state_, net_->context()) {
  if (options.recipe.ema_decay > 0)
    ema_ = std::make_unique<Ema>(make_net(options), state_, options.recipe.ema_decay);
  loss_sum_ = torch::zeros({}, torch::TensorOptions(torch::kDouble).device(options.compute.device));
  net_->train();
  keep_parameters_flat();
  const Compute& compute = options.compute;
  if (compute.graph && compute.device.is_cuda() && net_->context().by_own_kernels())
    use_graph(cuda_graph_device());
}

void Learner::keep_parameters_flat() {
  const Compute& compute = options_.compute;
  if (!keeps_parameters_flat(compute)) return;
  if (compute.maps == torch::kBFloat16) {
    bfloat16_ = state_.parameters.to(torch::kBFloat16);
    optimizer_.keep_copy_in(bfloat16_);
    copied_ = net_->parameters();
    copied_.push_back(state_.parameters);
  }
  net_->context().set_flat_parameters(std::make_shared<ops::FlatParameters>(
      ops::FlatParameters{state_.parameters, state_.gradients, bfloat16_}));
}

// The optimizer keeps the copy. Others, who load or move parameters, do it by LibTorch, which counts writes.
void Learner::refresh_copy() {
  if (!bfloat16_.defined()) return;
  std::uint64_t writes = 0;
  for (const torch::Tensor& tensor : copied_) writes += tensor._version();
  if (writes == writes_seen_) return;
  bfloat16_.copy_(state_.parameters);
  writes_seen_ = writes;
}

void Learner::use_graph(std::unique_ptr<GraphDevice> device) {
  if (!device) return;
  net_->keep_noise_in_place();
  graph_ = std::make_unique<StepGraph>(
      std::move(device),
      [this](const torch::Tensor& pictures, const torch::Tensor& labels) { compute(pictures, labels); });
}

void Learner::step(const torch::Tensor& pictures, const torch::Tensor& labels, std::int64_t number,
                   double learning_rate) {
  refresh_copy();
  net_->restart_noise(spec::derive_seed(options_.seed, "noise", static_cast<std::uint64_t>(number)));
  optimizer_.prepare(learning_rate, ema_ ? ema_->parameters_at(number + 1) : Averaging{});
  if (!graph_) return compute(pictures, labels);
  graph_->run(pictures, labels);
  if (!graph_->why().empty())
    net_->context().note_fallback("launch by launch, a training step is no CUDA graph: " + graph_->why());
}

// Asks the host for nothing that differs from step to step.
void Learner::compute(const torch::Tensor& pictures, const torch::Tensor& labels) {
  const torch::Tensor loss =
      smoothed_cross_entropy(net_->forward(pictures), labels, options_.recipe.smoothing);
  loss.backward();
  optimizer_.run();
  if (ema_) ema_->update_statistics(state_, optimizer_.share());
  loss_sum_.add_(loss.detach());
}

void Learner::restart_average() {
  if (ema_) ema_->start_from(state_);
}

models::NamedTensors Learner::tensors() const {
  models::NamedTensors tensors;
  const auto add = [&](const std::string& prefix, const models::NamedTensors& group) {
    for (const auto& [name, tensor] : group) tensors.emplace_back(prefix + name, tensor);
  };
  add("model.", models::named_state(*net_));
  if (ema_) add("ema.", models::named_state(*ema_->net()));
  add("optimizer.", optimizer_.tensors());
  return tensors;
}

}  // namespace effnet::training
