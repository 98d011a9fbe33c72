// The kernels of inference (cpu/finished_rows.h): rows of a convolution finished, offset and activation included, before
// they are stored.
#pragma once

#include "cpu/finished_rows.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

void conv_row(const FinishedConvRow& of);
void finished_depthwise_row(const FinishedDepthwiseRow& of);
void scale_panels(const ScaledPanels& of);

}  // namespace effnet::cpu::EFFNET_ISA
