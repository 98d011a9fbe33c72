// The kernels of inference for maps of float.
#include "cpu/simd/finished_kernels.h"

namespace effnet::cpu::EFFNET_ISA {

extern const FinishedKernels<float> kFloatMaps;
const FinishedKernels<float> kFloatMaps = finished_kernels<float>();

}  // namespace effnet::cpu::EFFNET_ISA
