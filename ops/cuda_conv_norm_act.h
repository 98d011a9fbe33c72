// ops/conv_norm_act.h by the kernels of cuda/.
#pragma once

#include "ops/conv_norm_act.h"

namespace effnet::ops {

// Why these kernels do not do it, or null. Of x the size and the kind of numbers count.
const char* cuda_refusal(const torch::Tensor& x, const torch::Tensor& weight,
                         const ConvNormActParams& params);

// Whether x may be raw where they do it.
bool cuda_takes_raw(const torch::Tensor& x, const torch::Tensor& weight, const ConvNormActParams& params);

// As ops::conv_norm_act, x and the result in float or bfloat16. Parameters and their gradients are floats.
Map cuda_conv_norm_act(const Map& x, const torch::Tensor& weight, const BatchNorm& norm,
                       const ConvNormActParams& params, Mode mode, const ExecutionContext& context,
                       Finish finish);

}  // namespace effnet::ops
