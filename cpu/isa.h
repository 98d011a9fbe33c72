// Which instruction set the micro-kernels use: the widest that both the processor and this build have. The sources in
// cpu/simd/ are the same for all.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/kernel_table.h"

namespace effnet::cpu {

// Whether this processor multiplies bfloat16 by itself (AVX512_BF16). Others have a twin of these products in float
// instructions, slower than products of floats.
bool has_bfloat16_products();

enum class BFloat16Products { kWhereThere, kTwin };

// Tables that run on this processor, the widest first; the last is the portable one.
std::vector<const KernelTable*> usable_kernels(BFloat16Products products = BFloat16Products::kWhereThere);

// The first of them.
const KernelTable& best_kernels();

}  // namespace effnet::cpu
