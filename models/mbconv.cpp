#include "models/mbconv.h"

#include <algorithm>

#include "models/kernel_terms.h"
#include "models/residual.h"
#include "ops/mbconv.h"

namespace effnet::models {
namespace {

int expanded_channels(const BlockOptions& options) {
  return static_cast<int>(options.in_channels * options.stage.expand_ratio + 0.5);
}

// `channels` is where the squeeze stands; its ratio refers to that or to the block's input.
SqueezeExcite squeeze_excite(const BlockOptions& options, int channels, const NetTraits& traits) {
  const int base = traits.squeeze_base == spec::SqueezeBase::kInput ? options.in_channels : channels;
  return SqueezeExcite(channels, std::max(1, static_cast<int>(base * options.stage.se_ratio)),
                       traits.activation);
}

bool adds_input(const BlockOptions& options) {
  return options.stage.skip && options.stride == 1 && options.in_channels == options.stage.channels;
}

}  // namespace

MBConv::MBConv(const BlockOptions& options, const NetTraits& traits) : options_(options), traits_(traits) {
  const spec::Stage& stage = options.stage;
  const int middle = expanded_channels(options);
  if (stage.expand_ratio != 1)
    expand_ = register_module("expand",
                              ConvBn(ConvOptions{options.in_channels, middle}, traits, traits.activation));
  const ConvOptions depthwise{middle, middle, stage.kernel, options.stride, middle};
  depthwise_ = register_module("dw", ConvBn(depthwise, traits, traits.activation));
  if (stage.se_ratio != 0) se_ = register_module("se", squeeze_excite(options, middle, traits));
  project_ = register_module(
      "project", ConvBn(ConvOptions{middle, stage.channels}, traits, spec::Activation::kIdentity));
}

ops::MBConvWeights MBConv::weights() const {
  ops::MBConvWeights weights{.depthwise = depthwise_->conv->weight,
                             .project = project_->conv->weight,
                             .depthwise_norm = depthwise_->bn->tensors(),
                             .project_norm = project_->bn->tensors()};
  if (expand_) {
    weights.expand = expand_->conv->weight;
    weights.expand_norm = expand_->bn->tensors();
  }
  if (se_) {
    weights.reduce = se_->reduce->weight;
    weights.reduce_bias = se_->reduce->bias;
    weights.gate = se_->expand->weight;
    weights.gate_bias = se_->expand->bias;
  }
  return weights;
}

ops::MBConvParams MBConv::params() const {
  return {.stride = options_.stride,
          .padding = kernel_term(traits_.padding),
          .activation = kernel_term(traits_.activation),
          .residual = adds_input(options_)};
}

torch::Tensor MBConv::forward(const torch::Tensor& x, Noise& noise) {
  return forward_to(nullptr, ops::Map{x}, noise).values;
}

ops::Map MBConv::forward_to(const MapReader* next, const ops::Map& x, Noise& noise) {
  const bool drops = adds_input(options_) && is_training() && options_.drop_path > 0;
  const auto keep =
      drops ? noise.keep({x.values.size(0)}, 1 - options_.drop_path, x.values) : torch::Tensor();
  return ops::mbconv(x, weights(), params(), keep, mode_of(*this), traits_.context,
                     finish_for(next, params().project_activation, x.values));
}

bool MBConv::takes_raw(kernels::Activation activation, const torch::Tensor& like) const {
  return ops::takes_raw(weights(), params(), activation, mode_of(*this), traits_.context, like);
}

bool MBConv::describe(ops::NetTerms& net) const {
  net.layers.push_back(ops::NetTerms::MBConv{weights(), params()});
  return true;
}

FusedMBConv::FusedMBConv(const BlockOptions& options, const NetTraits& traits) : options_(options) {
  const spec::Stage& stage = options.stage;
  const bool expands = stage.expand_ratio != 1;
  const int middle = expands ? expanded_channels(options) : stage.channels;
  expand_ = register_module(expands ? "expand" : "conv",
                            ConvBn(ConvOptions{options.in_channels, middle, stage.kernel, options.stride},
                                   traits, traits.activation));
  if (stage.se_ratio != 0) se_ = register_module("se", squeeze_excite(options, middle, traits));
  if (!expands) return;
  project_ = register_module(
      "project", ConvBn(ConvOptions{middle, stage.channels}, traits, spec::Activation::kIdentity));
}

torch::Tensor FusedMBConv::forward(const torch::Tensor& x, Noise& noise) {
  return forward_to(nullptr, ops::Map{x}, noise).values;
}

ops::Map FusedMBConv::forward_to(const MapReader* next, const ops::Map& x, Noise& noise) {
  const bool adds = adds_input(options_);
  const MapReader* const behind = adds ? nullptr : next;  // a sum is of finished maps
  const MapReader* const wide_reader = se_ ? nullptr : project_ ? project_.get() : behind;
  ops::Map y = expand_->forward_to(wide_reader, x);
  if (se_) y = {se_->forward(y.values)};
  if (project_) y = project_->forward_to(behind, y);
  if (!adds) return y;
  return {residual(y.values, x.values, options_.drop_path, noise, mode_of(*this))};
}

bool FusedMBConv::takes_raw(kernels::Activation activation, const torch::Tensor& like) const {
  return !adds_input(options_) && expand_->takes_raw(activation, like);
}

bool FusedMBConv::describe(ops::NetTerms& net) const {
  if (se_) return false;
  const bool adds = adds_input(options_);
  if (project_) {
    net.layers.push_back(ops::NetTerms::Fused{expand_->terms(), project_->terms(), adds});
  } else {
    ops::NetTerms::Conv conv = expand_->terms();
    conv.residual = adds;
    net.layers.push_back(std::move(conv));
  }
  return true;
}

}  // namespace effnet::models
