// All parameters of a net in one block of memory, their gradients in a second, the batch norm buffers in a
// third, so that an optimizer, a moving average or a norm is a handful of operators however many layers there
// are (a small net has a hundred tensors of a few hundred numbers). The net's own tensors become views of
// these blocks.
#pragma once

#include <torch/torch.h>

namespace effnet::training {

class FlatState {
 public:
  // `net` must be on its device and outlives this; it must not be moved to another device afterwards. A tensor begins at a
  // multiple of `alignment` numbers; what lies between is 0 and stays it.
  explicit FlatState(torch::nn::Module& net, std::int64_t alignment = 1);

  torch::Tensor parameters;  // (P), those with weight decay first
  torch::Tensor gradients;   // (P), the .grad() of every parameter is a view of it
  torch::Tensor buffers;     // (B), running means and variances
  std::int64_t alignment = 1;
  std::int64_t decayed = 0;  // length of the part with weight decay: all but batch norm's scale and shift
};

}  // namespace effnet::training
