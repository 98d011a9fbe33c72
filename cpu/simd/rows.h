// The loops over maps between products and convolutions (cpu/kernel_table.h).
#pragma once

#include "cpu/kernel_table.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

void normalize_rows(const Normalize& of);
void normalize_blocked(const Normalize& of);
void channel_sums(const ChannelSums& of);
void activation_gradient(const ActivationGradient& of);
void norm_gradient_rows(const NormGradient& of);
void norm_gradient_blocked(const NormGradient& of);
void dot_rows(const DotRows& of);
void combine_rows(const CombineRows& of);
void sigmoid_all(const Elementwise& of);

}  // namespace effnet::cpu::EFFNET_ISA
