// Optimizers in one pass over the parameters (cpu/kernel_table.h).
#pragma once

#include "cpu/kernel_table.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

void sgd(const OptimizerStep& of);
void rmsprop_tf(const OptimizerStep& of);

}  // namespace effnet::cpu::EFFNET_ISA
