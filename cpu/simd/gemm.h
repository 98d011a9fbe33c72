// Products with packed columns (cpu/kernel_table.h).
#pragma once

#include "cpu/kernel_table.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

inline constexpr int kPanelVectors = 3;
inline constexpr int kPanel = kPanelVectors * kLanes;

void gemm(const Gemm& of);
void pack_panels(const PackPanels& of);

}  // namespace effnet::cpu::EFFNET_ISA
