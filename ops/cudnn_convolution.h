// A convolution and its gradients by cuDNN's graph API (cudnn/convolution.h), each by the engine that cuDNN itself expects to
// be the fastest of those that give the same bits every time.
#pragma once

#include "ops/conv_norm_act.h"

namespace effnet::ops {

// Why cuDNN does not do it, or null.
const char* cudnn_refusal(const torch::Tensor& x, const torch::Tensor& weight,
                          const ConvNormActParams& params, const ExecutionContext& context);

// x (N, Cin, H, W), weight (Cout, Cin / groups, k, k) -> (N, Cout, H', W') channels_last, stored as x is. For what is not
// refused.
torch::Tensor cudnn_convolution(const torch::Tensor& x, const torch::Tensor& weight,
                                const ConvNormActParams& params);

}  // namespace effnet::ops
