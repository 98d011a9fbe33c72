// ops/conv_norm_act.h by the kernels of cpu/.
#pragma once

#include "ops/conv_norm_act.h"

namespace effnet::ops {

// As ops::conv_norm_act, all in float.
torch::Tensor cpu_conv_norm_act(const torch::Tensor& x, const torch::Tensor& weight, const BatchNorm& norm,
                                const ConvNormActParams& params, Mode mode, const ExecutionContext& context);

}  // namespace effnet::ops
