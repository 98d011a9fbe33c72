// The kernels of inference for maps of bfloat16: products of rounded values, summed in float.
#include "cpu/simd/finished_kernels.h"

namespace effnet::cpu::EFFNET_ISA {

extern const FinishedKernels<BFloat16> kBFloat16Maps;
const FinishedKernels<BFloat16> kBFloat16Maps = finished_kernels<BFloat16>();

}  // namespace effnet::cpu::EFFNET_ISA
