// The table of this instruction set's micro-kernels.
#include "cpu/simd/depthwise.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/optimizer.h"
#include "cpu/simd/rows.h"

#define EFFNET_TEXT_OF(name) #name
#define EFFNET_TEXT(name) EFFNET_TEXT_OF(name)

namespace effnet::cpu::EFFNET_ISA {

extern const FinishedKernels<float> kFloatMaps;
extern const FinishedKernels<BFloat16> kBFloat16Maps;
extern const KernelTable kKernels;
const KernelTable kKernels{.name = EFFNET_TEXT(EFFNET_ISA),
                           .lanes = kLanes,
                           .panel = kPanel,
                           .gemm = gemm,
                           .pack_panels = pack_panels,
                           .normalize_rows = normalize_rows,
                           .normalize_blocked = normalize_blocked,
                           .channel_sums = channel_sums,
                           .activation_gradient = activation_gradient,
                           .norm_gradient_rows = norm_gradient_rows,
                           .norm_gradient_blocked = norm_gradient_blocked,
                           .dot_rows = dot_rows,
                           .combine_rows = combine_rows,
                           .depthwise_rows = depthwise_rows,
                           .depthwise_weight_gradient = depthwise_weight_gradient,
                           .sigmoid = sigmoid_all,
                           .sgd = sgd,
                           .rmsprop_tf = rmsprop_tf,
                           .float_maps = &kFloatMaps,
                           .bfloat16_maps = &kBFloat16Maps};

}  // namespace effnet::cpu::EFFNET_ISA
