// Which instruction set the micro-kernels use: the widest that both the processor and this build have. The sources in
// cpu/simd/ are the same for all.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/kernel_table.h"

namespace effnet::cpu {

// Tables that run on this processor, the widest first; the last is the portable one.
std::vector<const KernelTable*> usable_kernels();

// The first of them.
const KernelTable& best_kernels();

}  // namespace effnet::cpu
