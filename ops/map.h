// A map on its way from one operator to the next: finished, or raw as a convolution of cuda/ left it. A raw map saves the
// passes that would only apply its batch norm; the operator behind applies it as it reads (docs/decisions/0014-raw-maps.md).
//
// The gradients of a raw map are an agreement of the two operators, which nobody else can read: that of `values` is the
// gradient of what the norm puts out, and that of `norm` holds what the norm's way back needs, (5, C): the factors a, b, c
// of cuda/norm_finish.h and the gradients of the norm's weight and bias.
#pragma once

#include <torch/torch.h>

#include "kernels/activation.h"

namespace effnet::ops {

struct Map {
  torch::Tensor values;  // (N, C, H, W) channels_last
  torch::Tensor
      norm;  // undefined: finished. (5, C) floats: mean, inverse, scale, offset, and a row that is not read
  kernels::Activation activation = kernels::Activation::kIdentity;  // behind the norm

  bool raw() const { return norm.defined(); }
};

enum class Finish { kAlways, kWhereNeeded };  // whether a map may go on raw

}  // namespace effnet::ops
