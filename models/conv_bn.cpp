#include "models/conv_bn.h"

#include "models/activation.h"
#include "models/batch_norm_act.h"

namespace effnet::models {

BatchNormImpl::BatchNormImpl(int channels, const NetTraits& traits)
    : eps_(traits.bn_eps), momentum_(traits.bn_momentum) {
  weight = register_parameter("weight", torch::ones(channels));
  bias = register_parameter("bias", torch::zeros(channels));
  running_mean = register_buffer("running_mean", torch::zeros(channels));
  running_var = register_buffer("running_var", torch::ones(channels));
}

// The fused form where it exists; without a gradient to keep apart, training and evaluation only differ in statistics.
torch::Tensor BatchNormImpl::forward(const torch::Tensor& x, spec::Activation activation) {
  const bool differentiates = at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
  if (supports_batch_norm_act(x) && (is_training() || !differentiates)) {
    const NormState norm{weight, bias, running_mean, running_var, eps_, momentum_};
    return is_training() ? batch_norm_act_train(x, norm, activation)
                         : batch_norm_act_eval(x, norm, activation);
  }
  return activate(at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), momentum_, eps_,
                                 /*cudnn_enabled=*/true),
                  activation);
}

ConvBnImpl::ConvBnImpl(const ConvOptions& options, const NetTraits& traits, spec::Activation activation)
    : activation_(activation) {
  conv_ = register_module("conv", SameConv2d(options, traits.padding));
  bn_ = register_module("bn", BatchNorm(options.out_channels, traits));
}

torch::Tensor ConvBnImpl::forward(const torch::Tensor& x) {
  return bn_->forward(conv_->forward(x), activation_);
}

}  // namespace effnet::models
