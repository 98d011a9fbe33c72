// A convolution without bias whose padding is TensorFlow's SAME or the symmetric (k-1)/2.
//
//   SAME: out = ceil(in / stride), total = max((out - 1) * stride + k - in, 0), floor(total / 2) of it left
//   and top, the rest right and bottom (tensorflow/python/ops/nn_ops.py). Computed from the map that really
//   comes in.
//
// Where both sides get the same, the convolution pads by itself; otherwise the map is copied into a padded
// one.
#pragma once

#include <torch/torch.h>

#include "spec/arch_spec.h"

namespace effnet::models {

struct SidePadding {
  std::int64_t before = 0, after = 0;  // pixels, left or top and right or bottom
};

SidePadding padding_of(std::int64_t size, int kernel, int stride, spec::Padding padding);

struct ConvOptions {
  int in_channels = 0, out_channels = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

class SameConv2dImpl : public torch::nn::Module {
 public:
  SameConv2dImpl(const ConvOptions& options, spec::Padding padding);

  torch::Tensor forward(const torch::Tensor& x);  // (N, in, H, W) -> (N, out, ceil(H/stride), ceil(W/stride))

  double fan_out() const {
    return 1.0 * options_.kernel * options_.kernel * options_.out_channels / options_.groups;
  }

  torch::Tensor weight;  // (out, in / groups, k, k), channels_last

 private:
  ConvOptions options_;
  spec::Padding padding_;
};
TORCH_MODULE(SameConv2d);

// Max pooling under the same rules; what is padded never wins.
torch::Tensor max_pool(const torch::Tensor& x, int kernel, int stride, spec::Padding padding);

}  // namespace effnet::models
