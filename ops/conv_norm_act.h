// act(batch norm(conv(x))), one operator (kernels/conv.h).
#pragma once

#include <torch/torch.h>

#include "kernels/activation.h"
#include "kernels/padding.h"
#include "ops/batch_norm.h"
#include "ops/execution.h"
#include "ops/map.h"

namespace effnet::ops {

struct ConvNormActParams {
  int stride = 1;
  int groups = 1;
  kernels::Padding padding = kernels::Padding::kSame;
  kernels::Activation activation = kernels::Activation::kIdentity;
};

// x (N, C, H, W) channels_last, weight (out, C / groups, k, k) -> (N, out, H', W') channels_last. A training batch of one
// value a channel is an error of LibTorch's kind (c10::Error).
torch::Tensor conv_norm_act(const torch::Tensor& x, const torch::Tensor& weight, const BatchNorm& norm,
                            const ConvNormActParams& params, Mode mode, const ExecutionContext& context);

// The same, and where the kernels of CUDA do it and `finish` lets it, raw.
Map conv_norm_act(const torch::Tensor& x, const torch::Tensor& weight, const BatchNorm& norm,
                  const ConvNormActParams& params, Mode mode, const ExecutionContext& context, Finish finish);

namespace reference {
torch::Tensor conv_norm_act(const torch::Tensor& x, const torch::Tensor& weight, const BatchNorm& norm,
                            const ConvNormActParams& params, Mode mode);
}

}  // namespace effnet::ops
