// A block's tensors as the kernels of cpu/ take them.
#pragma once

#include "cpu/mbconv.h"
#include "ops/mbconv.h"

namespace effnet::ops {

// Undefined tensors are null. The tensors outlive what is returned.
cpu::MBConvWeights pointers_of(const MBConvWeights& weights);

}  // namespace effnet::ops
