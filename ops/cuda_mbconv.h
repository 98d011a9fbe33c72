// ops/mbconv.h by the kernels of cuda/.
#pragma once

#include "ops/mbconv.h"

namespace effnet::ops {

// Why these kernels do not do it, or null. Of x only the kind of numbers counts.
const char* cuda_refusal(const torch::Tensor& x, const MBConvWeights& weights);

// As ops::mbconv; x is channels_last, in float or bfloat16, as the result is. Parameters and their gradients are floats.
Map cuda_mbconv(const Map& x, const MBConvWeights& weights, const MBConvParams& params,
                const torch::Tensor& keep, Mode mode, const ExecutionContext& context, Finish finish);

}  // namespace effnet::ops
