#include "models/squeeze_excite.h"

#include "models/kernel_terms.h"
#include "ops/activation.h"
#include "ops/mean_of_map.h"

namespace effnet::models {

SqueezeExciteImpl::Pointwise::Pointwise(int in_channels, int out_channels) {
  weight = register_parameter("weight", torch::zeros({out_channels, in_channels, 1, 1}));
  bias = register_parameter("bias", torch::zeros(out_channels));
}

SqueezeExciteImpl::SqueezeExciteImpl(int channels, int squeezed_channels, spec::Activation activation)
    : activation_(activation) {
  reduce = register_module("reduce", std::make_shared<Pointwise>(channels, squeezed_channels));
  expand = register_module("expand", std::make_shared<Pointwise>(squeezed_channels, channels));
}

torch::Tensor SqueezeExciteImpl::forward(const torch::Tensor& x) {
  const auto apply = [](const Pointwise& layer, const torch::Tensor& row) {
    return at::linear(row, layer.weight.flatten(1), layer.bias);
  };
  const torch::Tensor squeezed = ops::activate(apply(*reduce, ops::mean_of_map(x)), kernel_term(activation_));
  const torch::Tensor gate = at::sigmoid(apply(*expand, squeezed));
  return x * gate.unsqueeze(-1).unsqueeze(-1);
}

}  // namespace effnet::models
