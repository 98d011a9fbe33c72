#include "models/plain_blocks.h"

namespace effnet::models {

ConvBlock::ConvBlock(const BlockOptions& options, const NetTraits& traits)
    : conv_(ConvOptions{options.in_channels, options.stage.channels, options.stage.kernel, options.stride},
            traits.padding),
      bn_(options.stage.channels, traits),
      activation_(traits.activation) {
  register_module("conv", conv_);
  register_module("bn", bn_);
}

torch::Tensor ConvBlock::forward(const torch::Tensor& x, Noise&) {
  return bn_->forward(conv_->forward(x), activation_);
}

Separable::Separable(const BlockOptions& options, const NetTraits& traits)
    : depthwise_(ConvOptions{options.in_channels, options.in_channels, options.stage.kernel, options.stride,
                             options.in_channels},
                 traits, traits.activation),
      pointwise_(ConvOptions{options.in_channels, options.stage.channels}, traits, traits.activation) {
  register_module("dw", depthwise_);
  register_module("pw", pointwise_);
}

torch::Tensor Separable::forward(const torch::Tensor& x, Noise&) {
  return pointwise_->forward(depthwise_->forward(x));
}

MaxPool::MaxPool(const BlockOptions& options, const NetTraits& traits)
    : kernel_(options.stage.kernel), stride_(options.stride), padding_(traits.padding) {}

torch::Tensor MaxPool::forward(const torch::Tensor& x, Noise&) {
  return max_pool(x, kernel_, stride_, padding_);
}

IdentityBlock::IdentityBlock(const BlockOptions& options, const NetTraits& traits) {
  if (options.stride == 1 && options.in_channels == options.stage.channels) return;
  conv_ = register_module(
      "conv", SameConv2d(ConvOptions{options.in_channels, options.stage.channels, 1, options.stride},
                         traits.padding));
  bn_ = register_module("bn", BatchNorm(options.stage.channels, traits));
}

torch::Tensor IdentityBlock::forward(const torch::Tensor& x, Noise&) {
  return conv_ ? bn_->forward(conv_->forward(x), spec::Activation::kIdentity) : x;
}

}  // namespace effnet::models
