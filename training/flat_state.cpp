#include "training/flat_state.h"

#include "models/conv_bn.h"

namespace effnet::training {
namespace {

std::int64_t room_for(const torch::Tensor& tensor, std::int64_t alignment) {
  return (tensor.numel() + alignment - 1) / alignment * alignment;
}

std::int64_t room_for(const std::vector<torch::Tensor>& tensors, std::int64_t alignment) {
  std::int64_t room = 0;
  for (const torch::Tensor& tensor : tensors) room += room_for(tensor, alignment);
  return room;
}

torch::Tensor new_block(const std::vector<torch::Tensor>& tensors, std::int64_t alignment) {
  const auto options = tensors.empty() ? torch::TensorOptions() : tensors[0].options().requires_grad(false);
  return torch::zeros({room_for(tensors, alignment)}, options);
}

torch::Tensor view_like(const torch::Tensor& block, const torch::Tensor& tensor, std::int64_t offset) {
  TORCH_CHECK(tensor.is_non_overlapping_and_dense(), "a parameter with holes");
  return block.as_strided(tensor.sizes(), tensor.strides(), offset);
}

}  // namespace

FlatState::FlatState(torch::nn::Module& net, std::int64_t align) : alignment(align) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> with_decay, without_decay;
  for (const auto& module : net.modules(/*include_self=*/true)) {
    const bool batch_norm = dynamic_cast<const models::BatchNormImpl*>(module.get()) != nullptr;
    for (const torch::Tensor& parameter : module->parameters(/*recurse=*/false))
      (batch_norm ? without_decay : with_decay).push_back(parameter);
  }
  decayed = room_for(with_decay, alignment);
  with_decay.insert(with_decay.end(), without_decay.begin(), without_decay.end());

  parameters = new_block(with_decay, alignment);
  gradients = torch::zeros_like(parameters);
  std::int64_t offset = 0;
  for (torch::Tensor& parameter : with_decay) {
    const torch::Tensor view = view_like(parameters, parameter, offset);
    view.copy_(parameter);
    const torch::Tensor gradient = view_like(gradients, parameter, offset);
    offset += room_for(parameter, alignment);
    parameter.set_data(view);
    parameter.mutable_grad() = gradient;
  }

  std::vector<torch::Tensor> statistics = net.buffers();
  buffers = new_block(statistics, alignment);
  offset = 0;
  for (torch::Tensor& buffer : statistics) {
    const torch::Tensor view = view_like(buffers, buffer, offset);
    view.copy_(buffer);
    offset += room_for(buffer, alignment);
    buffer.set_data(view);
  }
}

}  // namespace effnet::training
