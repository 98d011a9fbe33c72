// act(batch norm(conv(x))), one operator (kernels/conv.h).
#pragma once

#include <torch/torch.h>

#include <functional>

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

// The same between maps (ops/map.h). Where the kernels of CUDA do it and `finish` lets it, what goes on is raw. A raw x that
// the convolution does not take is an error (c10::Error).
Map conv_norm_act(const Map& x, const torch::Tensor& weight, const BatchNorm& norm,
                  const ConvNormActParams& params, Mode mode, const ExecutionContext& context, Finish finish);

// Whether a convolution takes a raw map, with any activation to be applied: on CUDA, but for stems. `like` is any map of the
// net in the same step.
bool takes_raw(const torch::Tensor& weight, const ConvNormActParams& params, Mode mode,
               const ExecutionContext& context, const torch::Tensor& like);

namespace reference {

// A convolution alone, of a map that may be stored in less than the weight: it is rounded to that.
using Convolve = std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight,
                                             const ConvNormActParams& params)>;
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const ConvNormActParams& params);

torch::Tensor conv_norm_act(const torch::Tensor& x, const torch::Tensor& weight, const BatchNorm& norm,
                            const ConvNormActParams& params, Mode mode, const Convolve& by = convolve);

}  // namespace reference

// By LibTorch, or where cuDNN was chosen and has an engine, by cuDNN.
reference::Convolve convolution_of(const ExecutionContext& context);

}  // namespace effnet::ops
