// The residual blocks of arXiv 1512.03385 and, in groups, 1611.05431: act(main(x) + shortcut(x)).
//
//   basic       kxk, BN, act -> kxk, BN
//   bottleneck  1x1, BN, act -> kxk in groups, with the stride, BN, act -> 1x1, BN
//
// The shortcut is a 1x1 convolution and BN where the stride or the channels change.
#pragma once

#include "models/block.h"

namespace effnet::models {

class Basic : public BlockImpl {
 public:
  Basic(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;

 private:
  double drop_path_;
  spec::Activation activation_;
  ConvBn conv1_{nullptr}, conv2_{nullptr}, shortcut_{nullptr};
};

class Bottleneck : public BlockImpl {
 public:
  Bottleneck(const BlockOptions& options, const NetTraits& traits);
  torch::Tensor forward(const torch::Tensor& x, Noise& noise) override;

 private:
  double drop_path_;
  spec::Activation activation_;
  ConvBn conv1_{nullptr}, conv2_{nullptr}, conv3_{nullptr}, shortcut_{nullptr};
};

}  // namespace effnet::models
