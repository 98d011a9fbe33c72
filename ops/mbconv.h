// The inverted bottleneck as one operator (kernels/mbconv.h), forward and backward. A block takes a finished map and
// gives one (docs/decisions/0006-block-in-block-out.md); on CUDA also a raw one.
#pragma once

#include <torch/torch.h>

#include "kernels/activation.h"
#include "kernels/padding.h"
#include "ops/conv_norm_act.h"
#include "ops/execution.h"
#include "ops/map.h"

namespace effnet::ops {

// Undefined tensors: the block has no expansion, or no squeeze-and-excite.
struct MBConvWeights {
  torch::Tensor expand;               // (Ce, Cin, 1, 1)
  torch::Tensor depthwise;            // (Ce, 1, k, k)
  torch::Tensor reduce, reduce_bias;  // (Cs, Ce, 1, 1), (Cs)
  torch::Tensor gate, gate_bias;      // (Ce, Cs, 1, 1), (Ce)
  torch::Tensor project;              // (Cout, Ce, 1, 1)
  BatchNorm expand_norm, depthwise_norm, project_norm;
};

struct MBConvParams {
  int stride = 1;
  kernels::Padding padding = kernels::Padding::kSame;
  kernels::Activation activation = kernels::Activation::kSilu;
  kernels::Activation project_activation = kernels::Activation::kIdentity;
  bool residual = false;
};

// x (N, Cin, H, W) channels_last -> (N, Cout, H', W') channels_last. keep (N) is what drop-path leaves of the main path,
// 0 or 1 / survival; undefined without drop-path. A training batch of one value a channel is an error of LibTorch's kind
// (c10::Error).
torch::Tensor mbconv(const torch::Tensor& x, const MBConvWeights& weights, const MBConvParams& params,
                     const torch::Tensor& keep, Mode mode, const ExecutionContext& context);

// The same between maps. Without a residual what goes on may be raw where the kernels of CUDA do it and `finish` lets it:
// for a block that takes_raw(). A raw x that the block does not take is an error (c10::Error).
Map mbconv(const Map& x, const MBConvWeights& weights, const MBConvParams& params, const torch::Tensor& keep,
           Mode mode, const ExecutionContext& context, Finish finish);

// Whether a block takes a raw map with that activation to be applied; `like` is any map of the net in the same step.
bool takes_raw(const MBConvWeights& weights, const MBConvParams& params, kernels::Activation activation,
               Mode mode, const ExecutionContext& context, const torch::Tensor& like);

namespace reference {
torch::Tensor mbconv(const torch::Tensor& x, const MBConvWeights& weights, const MBConvParams& params,
                     const torch::Tensor& keep, Mode mode, const Convolve& by = convolve);
}

}  // namespace effnet::ops
