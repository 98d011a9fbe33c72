#include "training/flat_state.h"

#include "models/conv_bn.h"

namespace effnet::training {
namespace {

// Moves `tensors` into one new block, keeping sizes and strides; `views` sees them again.
torch::Tensor flatten(const std::vector<torch::Tensor>& tensors) {
  std::int64_t count = 0;
  for (const torch::Tensor& tensor : tensors) count += tensor.numel();
  const auto options = tensors.empty() ? torch::TensorOptions() : tensors[0].options().requires_grad(false);
  return torch::zeros({count}, options);
}

torch::Tensor view_like(const torch::Tensor& block, const torch::Tensor& tensor, std::int64_t offset) {
  TORCH_CHECK(tensor.is_non_overlapping_and_dense(), "a parameter with holes");
  return block.as_strided(tensor.sizes(), tensor.strides(), offset);
}

}  // namespace

FlatState::FlatState(torch::nn::Module& net) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> with_decay, without_decay;
  for (const auto& module : net.modules(/*include_self=*/true)) {
    const bool batch_norm = dynamic_cast<const models::BatchNormImpl*>(module.get()) != nullptr;
    for (const torch::Tensor& parameter : module->parameters(/*recurse=*/false))
      (batch_norm ? without_decay : with_decay).push_back(parameter);
  }
  for (const torch::Tensor& parameter : with_decay) decayed += parameter.numel();
  with_decay.insert(with_decay.end(), without_decay.begin(), without_decay.end());

  parameters = flatten(with_decay);
  gradients = torch::zeros_like(parameters);
  std::int64_t offset = 0;
  for (torch::Tensor& parameter : with_decay) {
    const torch::Tensor view = view_like(parameters, parameter, offset);
    view.copy_(parameter);
    const torch::Tensor gradient = view_like(gradients, parameter, offset);
    offset += parameter.numel();
    parameter.set_data(view);
    parameter.mutable_grad() = gradient;
  }

  std::vector<torch::Tensor> statistics = net.buffers();
  buffers = flatten(statistics);
  offset = 0;
  for (torch::Tensor& buffer : statistics) {
    const torch::Tensor view = view_like(buffers, buffer, offset);
    view.copy_(buffer);
    offset += buffer.numel();
    buffer.set_data(view);
  }
}

}  // namespace effnet::training
