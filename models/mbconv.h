// The inverted bottleneck (arXiv 1801.04381, 1905.11946) and its fused form (arXiv 2104.00298).
//
//   mb     expand 1x1, BN, act -> depthwise kxk, BN, act -> squeeze-and-excite -> project 1x1, BN
//          -> drop-path -> add
//   fused  expand kxk, BN, act -> squeeze-and-excite -> project 1x1, BN -> drop-path -> add
//
// With an expansion of 1 there is no expand; fused then has one convolution to the output channels. The input
// is added where the stride is 1 and the channels stay.
#pragma once

#include "models/block.h"
#include "models/squeeze_excite.h"

namespace effnet::models {

class MBConv : public BlockImpl {
 public:
  MBConv(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;
  ops::Map forward_to(const MapReader* next, const ops::Map& x, Noise& noise) override;
  bool takes_raw(kernels::Activation activation, const torch::Tensor& like) const override;
  bool describe(ops::NetTerms& net) const override;

 private:
  ops::MBConvWeights weights() const;
  ops::MBConvParams params() const;

  BlockOptions options_;
  NetTraits traits_;
  ConvBn expand_{nullptr}, depthwise_{nullptr}, project_{nullptr};  // "expand", "dw", "project"
  SqueezeExcite se_{nullptr};
};

class FusedMBConv : public BlockImpl {
 public:
  FusedMBConv(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;
  ops::Map forward_to(const MapReader* next, const ops::Map& x, Noise& noise) override;
  bool takes_raw(kernels::Activation activation, const torch::Tensor& like) const override;
  bool describe(ops::NetTerms& net) const override;

 private:
  BlockOptions options_;
  ConvBn expand_{nullptr}, project_{nullptr};  // with an expansion of 1: "conv" and none
  SqueezeExcite se_{nullptr};
};

}  // namespace effnet::models
