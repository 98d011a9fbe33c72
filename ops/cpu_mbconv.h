// ops/mbconv.h by the kernels of cpu/.
#pragma once

#include "cpu/mbconv.h"
#include "ops/mbconv.h"

namespace effnet::ops {

// Why these kernels do not do it, or null.
const char* cpu_refusal(const torch::Tensor& x, const MBConvWeights& weights);

// As ops::mbconv; x is channels_last.
torch::Tensor cpu_mbconv(const torch::Tensor& x, const MBConvWeights& weights, const MBConvParams& params,
                         const torch::Tensor& keep, Mode mode, const ExecutionContext& context);

// A block's tensors as the kernels of cpu/ take them. Undefined tensors are null. The tensors outlive what is returned.
cpu::MBConvWeights pointers_of(const MBConvWeights& weights);

}  // namespace effnet::ops
