// Depthwise convolution on blocked maps, and the gradient of its weights (cpu/kernel_table.h).
#pragma once

#include "cpu/kernel_table.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

void depthwise_rows(const DepthwiseRows& of);
void depthwise_weight_gradient(const DepthwiseWeightGradient& of);

}  // namespace effnet::cpu::EFFNET_ISA
