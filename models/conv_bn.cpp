#include "models/conv_bn.h"

#include "models/activation.h"

namespace effnet::models {

BatchNormImpl::BatchNormImpl(int channels, const NetTraits& traits)
    : eps_(traits.bn_eps), momentum_(traits.bn_momentum) {
  weight = register_parameter("weight", torch::ones(channels));
  bias = register_parameter("bias", torch::zeros(channels));
  running_mean = register_buffer("running_mean", torch::zeros(channels));
  running_var = register_buffer("running_var", torch::ones(channels));
}

torch::Tensor BatchNormImpl::forward(const torch::Tensor& x) {
  return at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), momentum_, eps_,
                        /*cudnn_enabled=*/true);
}

ConvBnImpl::ConvBnImpl(const ConvOptions& options, const NetTraits& traits, spec::Activation activation)
    : activation_(activation) {
  conv_ = register_module("conv", SameConv2d(options, traits.padding));
  bn_ = register_module("bn", BatchNorm(options.out_channels, traits));
}

torch::Tensor ConvBnImpl::forward(const torch::Tensor& x) {
  return activate(bn_->forward(conv_->forward(x)), activation_);
}

}  // namespace effnet::models
