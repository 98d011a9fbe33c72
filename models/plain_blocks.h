// The blocks without a residual connection.
//
//   conv      convolution, BN, activation
//   sep       depthwise kxk, BN, act -> pointwise 1x1, BN, act (arXiv 1704.04861)
//   maxpool   max pooling
//   identity  nothing; with a stride or other channels a 1x1 convolution and BN (NAS-Bench-Macro)
#pragma once

#include "models/block.h"

namespace effnet::models {

// conv.weight and bn.* lie in the block itself: stem.conv.weight.
class ConvBlock : public BlockImpl {
 public:
  ConvBlock(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;
  ops::Map forward_to(const MapReader* next, const ops::Map& x, Noise& noise) override;
  bool takes_raw(kernels::Activation activation, const torch::Tensor& like) const override;
  bool describe(ops::NetTerms& net) const override;

 private:
  Conv conv_;
  BatchNorm bn_;
  NetTraits traits_;
};

class Separable : public BlockImpl {
 public:
  Separable(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;
  ops::Map forward_to(const MapReader* next, const ops::Map& x, Noise& noise) override;
  bool takes_raw(kernels::Activation activation, const torch::Tensor& like) const override;
  bool describe(ops::NetTerms& net) const override;

 private:
  ops::MBConvWeights weights() const;
  ops::MBConvParams params() const;

  BlockOptions options_;
  NetTraits traits_;
  ConvBn depthwise_, pointwise_;  // "dw", "pw"
};

class MaxPool : public BlockImpl {
 public:
  MaxPool(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;

 private:
  int kernel_, stride_;
  spec::Padding padding_;
};

class IdentityBlock : public BlockImpl {
 public:
  IdentityBlock(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;
  bool describe(ops::NetTerms& net) const override;

 private:
  Conv conv_{nullptr};
  BatchNorm bn_{nullptr};
  NetTraits traits_;
};

}  // namespace effnet::models
