// What the implementations of ops/conv_norm_act.h have in common.
#pragma once

#include "kernels/conv.h"
#include "ops/conv_norm_act.h"

namespace effnet::ops {

kernels::ConvShape shape_of(const torch::Tensor& x, const torch::Tensor& weight,
                            const ConvNormActParams& params);

}  // namespace effnet::ops
