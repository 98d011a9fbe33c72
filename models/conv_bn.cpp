#include "models/conv_bn.h"

#include "models/kernel_terms.h"

namespace effnet::models {

ConvImpl::ConvImpl(const ConvOptions& of) : options(of) {
  weight = register_parameter(
      "weight", torch::zeros({of.out_channels, of.in_channels / of.groups, of.kernel, of.kernel})
                    .contiguous(at::MemoryFormat::ChannelsLast));
}

BatchNormImpl::BatchNormImpl(int channels, const NetTraits& traits)
    : eps_(traits.bn_eps), momentum_(traits.bn_momentum) {
  weight = register_parameter("weight", torch::ones(channels));
  bias = register_parameter("bias", torch::zeros(channels));
  running_mean = register_buffer("running_mean", torch::zeros(channels));
  running_var = register_buffer("running_var", torch::ones(channels));
}

namespace {

ops::ConvNormActParams params_of(const Conv& conv, const NetTraits& traits, spec::Activation activation) {
  return {.stride = conv->options.stride,
          .groups = conv->options.groups,
          .padding = kernel_term(traits.padding),
          .activation = kernel_term(activation)};
}

}  // namespace

torch::Tensor conv_bn(const torch::Tensor& x, const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                      spec::Activation activation) {
  return conv_bn_to(nullptr, ops::Map{x}, conv, bn, traits, activation).values;
}

ops::Map conv_bn_to(const MapReader* reader, const ops::Map& x, const Conv& conv, const BatchNorm& bn,
                    const NetTraits& traits, spec::Activation activation) {
  const ops::ConvNormActParams params = params_of(conv, traits, activation);
  return ops::conv_norm_act(x, conv->weight, bn->tensors(), params, mode_of(*bn), traits.context,
                            finish_for(reader, params.activation, x.values));
}

bool conv_bn_takes_raw(const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                       const torch::Tensor& like) {
  // Whatever activation is behind the convolution itself.
  return ops::takes_raw(conv->weight, params_of(conv, traits, spec::Activation::kIdentity), mode_of(*bn),
                        traits.context, like);
}

ops::NetTerms::Conv inference_terms(const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                                    spec::Activation activation) {
  return {.weight = conv->weight, .norm = bn->tensors(), .params = params_of(conv, traits, activation)};
}

ConvBnImpl::ConvBnImpl(const ConvOptions& options, const NetTraits& traits, spec::Activation activation)
    : traits_(traits), activation_(activation) {
  conv = register_module("conv", Conv(options));
  bn = register_module("bn", BatchNorm(options.out_channels, traits));
}

}  // namespace effnet::models
