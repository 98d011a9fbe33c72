// The inverted bottleneck as one operator (arXiv 1801.04381, 1905.11946): what it is given and how much work it is.
//
//   y1 = x * W1              (rows, Ce)   1x1; without expansion y1 is x itself and there is no batch norm before the
//   a1 = act(norm1(y1))                   depthwise convolution
//   y2 = depthwise(a1)       (rows', Ce)
//   a2 = act(norm2(y2))
//   s = act(mean of a2 over the map * Wr + br)          squeeze-and-excite (arXiv 1709.01507), (N, Cs)
//   g = sigmoid(s * We + be)                            (N, Ce)
//   y3 = (a2 * g) * W3       (rows', Cout)
//   out = project_act(norm3(y3)) * keep + x             keep (N): drop-path; + x where there is a residual
//
// A depthwise-separable block (arXiv 1704.04861) is the same without expansion and squeeze, with project_act.
#pragma once

#include "kernels/activation.h"
#include "kernels/depthwise.h"

namespace effnet::kernels {

struct MBConvShape {
  DepthwiseShape depthwise;  // its channels are Ce
  Index in_channels = 0, out_channels = 0;
  Index squeezed_channels = 0;  // 0: no squeeze-and-excite
  bool expands = true;
  bool residual = false;
  Activation activation = Activation::kSilu;
  Activation project_activation = Activation::kIdentity;

  Index batch() const { return depthwise.batch; }
  Index expanded() const { return depthwise.channels; }
  Index in_rows() const { return depthwise.in_rows(); }
  Index out_rows() const { return depthwise.out_rows(); }
  bool squeezes() const { return squeezed_channels > 0; }

  double forward_flops() const;   // products alone, 2 a multiply-add
  double backward_flops() const;  // twice that: gradients of inputs and of weights
};

}  // namespace effnet::kernels
