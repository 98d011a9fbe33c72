#include "models/bottleneck.h"

#include "models/kernel_terms.h"
#include "models/residual.h"
#include "ops/activation.h"

namespace effnet::models {
namespace {

// Null where the input can be added as it is.
ConvBn make_shortcut(const BlockOptions& options, const NetTraits& traits) {
  if (options.stride == 1 && options.in_channels == options.stage.channels) return ConvBn(nullptr);
  return ConvBn(ConvOptions{options.in_channels, options.stage.channels, 1, options.stride}, traits,
                spec::Activation::kIdentity);
}

}  // namespace

Basic::Basic(const BlockOptions& options, const NetTraits& traits)
    : drop_path_(options.drop_path), activation_(traits.activation) {
  const spec::Stage& stage = options.stage;
  conv1_ = register_module(
      "conv1", ConvBn(ConvOptions{options.in_channels, stage.channels, stage.kernel, options.stride}, traits,
                      activation_));
  conv2_ = register_module("conv2", ConvBn(ConvOptions{stage.channels, stage.channels, stage.kernel}, traits,
                                           spec::Activation::kIdentity));
  shortcut_ = make_shortcut(options, traits);
  if (shortcut_) register_module("shortcut", shortcut_);
}

torch::Tensor Basic::forward(const torch::Tensor& x, Noise& noise) {
  const ops::Map inner = conv1_->forward_to(conv2_.get(), ops::Map{x});
  const torch::Tensor main = conv2_->forward_to(nullptr, inner).values;
  const torch::Tensor shortcut = shortcut_ ? shortcut_->forward(x) : x;
  return ops::activate(residual(main, shortcut, drop_path_, noise, mode_of(*this)), kernel_term(activation_));
}

Bottleneck::Bottleneck(const BlockOptions& options, const NetTraits& traits)
    : drop_path_(options.drop_path), activation_(traits.activation) {
  const spec::Stage& stage = options.stage;
  const int middle = stage.mid_channels;
  conv1_ = register_module("conv1", ConvBn(ConvOptions{options.in_channels, middle}, traits, activation_));
  conv2_ = register_module(
      "conv2",
      ConvBn(ConvOptions{middle, middle, stage.kernel, options.stride, stage.groups}, traits, activation_));
  conv3_ = register_module("conv3",
                           ConvBn(ConvOptions{middle, stage.channels}, traits, spec::Activation::kIdentity));
  shortcut_ = make_shortcut(options, traits);
  if (shortcut_) register_module("shortcut", shortcut_);
}

torch::Tensor Bottleneck::forward(const torch::Tensor& x, Noise& noise) {
  const ops::Map first = conv1_->forward_to(conv2_.get(), ops::Map{x});
  const ops::Map second = conv2_->forward_to(conv3_.get(), first);
  const torch::Tensor main = conv3_->forward_to(nullptr, second).values;
  const torch::Tensor shortcut = shortcut_ ? shortcut_->forward(x) : x;
  return ops::activate(residual(main, shortcut, drop_path_, noise, mode_of(*this)), kernel_term(activation_));
}

}  // namespace effnet::models
