#include "models/plain_blocks.h"

#include <limits>

#include "models/kernel_terms.h"
#include "ops/map_padding.h"
#include "ops/mbconv.h"

namespace effnet::models {

ConvBlock::ConvBlock(const BlockOptions& options, const NetTraits& traits)
    : conv_(ConvOptions{options.in_channels, options.stage.channels, options.stage.kernel, options.stride}),
      bn_(options.stage.channels, traits),
      traits_(traits) {
  register_module("conv", conv_);
  register_module("bn", bn_);
}

torch::Tensor ConvBlock::forward(const torch::Tensor& x, Noise& noise) {
  return forward_to(nullptr, ops::Map{x}, noise).values;
}

ops::Map ConvBlock::forward_to(const MapReader* next, const ops::Map& x, Noise&) {
  return conv_bn_to(next, x, conv_, bn_, traits_, traits_.activation);
}

bool ConvBlock::takes_raw(kernels::Activation, const torch::Tensor& like) const {
  return conv_bn_takes_raw(conv_, bn_, traits_, like);
}

bool ConvBlock::describe(ops::NetTerms& net) const {
  net.layers.push_back(inference_terms(conv_, bn_, traits_, traits_.activation));
  return true;
}

Separable::Separable(const BlockOptions& options, const NetTraits& traits)
    : options_(options),
      traits_(traits),
      depthwise_(ConvOptions{options.in_channels, options.in_channels, options.stage.kernel, options.stride,
                             options.in_channels},
                 traits, traits.activation),
      pointwise_(ConvOptions{options.in_channels, options.stage.channels}, traits, traits.activation) {
  register_module("dw", depthwise_);
  register_module("pw", pointwise_);
}

ops::MBConvWeights Separable::weights() const {
  return {.depthwise = depthwise_->conv->weight,
          .project = pointwise_->conv->weight,
          .depthwise_norm = depthwise_->bn->tensors(),
          .project_norm = pointwise_->bn->tensors()};
}

ops::MBConvParams Separable::params() const {
  const kernels::Activation activation = kernel_term(traits_.activation);
  return {.stride = options_.stride,
          .padding = kernel_term(traits_.padding),
          .activation = activation,
          .project_activation = activation};
}

torch::Tensor Separable::forward(const torch::Tensor& x, Noise& noise) {
  return forward_to(nullptr, ops::Map{x}, noise).values;
}

ops::Map Separable::forward_to(const MapReader* next, const ops::Map& x, Noise&) {
  return ops::mbconv(x, weights(), params(), torch::Tensor(), mode_of(*this), traits_.context,
                     finish_for(next, params().project_activation, x.values));
}

bool Separable::takes_raw(kernels::Activation activation, const torch::Tensor& like) const {
  return ops::takes_raw(weights(), params(), activation, mode_of(*this), traits_.context, like);
}

bool Separable::describe(ops::NetTerms& net) const {
  net.layers.push_back(ops::NetTerms::MBConv{weights(), params()});
  return true;
}

MaxPool::MaxPool(const BlockOptions& options, const NetTraits& traits)
    : kernel_(options.stage.kernel), stride_(options.stride), padding_(traits.padding) {}

// What is padded never wins.
torch::Tensor MaxPool::forward(const torch::Tensor& x, Noise&) {
  const ops::MapPadding by = ops::map_padding(x, kernel_, stride_, kernel_term(padding_));
  const auto pool = [&](const torch::Tensor& map, std::int64_t rows, std::int64_t columns) {
    return at::max_pool2d(map, {kernel_, kernel_}, {stride_, stride_}, {rows, columns});
  };
  if (by.even()) return pool(x, by.rows.before, by.columns.before);
  return pool(ops::pad_map(x, by, -std::numeric_limits<double>::infinity()), 0, 0);
}

IdentityBlock::IdentityBlock(const BlockOptions& options, const NetTraits& traits) : traits_(traits) {
  if (options.stride == 1 && options.in_channels == options.stage.channels) return;
  conv_ = register_module("conv",
                          Conv(ConvOptions{options.in_channels, options.stage.channels, 1, options.stride}));
  bn_ = register_module("bn", BatchNorm(options.stage.channels, traits));
}

torch::Tensor IdentityBlock::forward(const torch::Tensor& x, Noise&) {
  return conv_ ? conv_bn(x, conv_, bn_, traits_, spec::Activation::kIdentity) : x;
}

bool IdentityBlock::describe(ops::NetTerms& net) const {
  if (conv_) net.layers.push_back(inference_terms(conv_, bn_, traits_, spec::Activation::kIdentity));
  return true;
}

}  // namespace effnet::models
