#include "spec/published_nets.h"

#include <array>

namespace effnet::spec {
namespace {

constexpr std::array<PublishedNet, 10> kNets{{
    {"b0",
     "conv_k3_s2_c32 | mb_k3_s1_e1_c16_r1_se0.25 mb_k3_s2_e6_c24_r2_se0.25 mb_k5_s2_e6_c40_r2_se0.25 "
     "mb_k3_s2_e6_c80_r3_se0.25 mb_k5_s1_e6_c112_r3_se0.25 mb_k5_s2_e6_c192_r4_se0.25 "
     "mb_k3_s1_e6_c320_r1_se0.25 | "
     "conv_k1_s1_c1280 | fc1000 @3x224 silu",
     "arXiv 1905.11946 table 1, with the strides of the published code"},
    {"lite0",
     "conv_k3_s2_c32 | mb_k3_s1_e1_c16_r1 mb_k3_s2_e6_c24_r2 mb_k5_s2_e6_c40_r2 mb_k3_s2_e6_c80_r3 "
     "mb_k5_s1_e6_c112_r3 "
     "mb_k5_s2_e6_c192_r4 mb_k3_s1_e6_c320_r1 | conv_k1_s1_c1280 | fc1000 @3x224 relu6 fixed_ends",
     "tensorflow/tpu efficientnet/lite"},
    {"mobilenet-v1",
     "conv_k3_s2_c32 | sep_k3_s1_c64_r1 sep_k3_s2_c128_r2 sep_k3_s2_c256_r2 sep_k3_s2_c512_r6 "
     "sep_k3_s2_c1024_r2 | - | "
     "fc1000 @3x224 relu6",
     "arXiv 1704.04861 table 1"},
    {"mobilenet-v2",
     "conv_k3_s2_c32 | mb_k3_s1_e1_c16_r1 mb_k3_s2_e6_c24_r2 mb_k3_s2_e6_c32_r3 mb_k3_s2_e6_c64_r4 "
     "mb_k3_s1_e6_c96_r3 "
     "mb_k3_s2_e6_c160_r3 mb_k3_s1_e6_c320_r1 | conv_k1_s1_c1280 | fc1000 @3x224 relu6",
     "arXiv 1801.04381 table 2"},
    {"mnasnet-a1",
     "conv_k3_s2_c32 | mb_k3_s1_e1_c16_r1_noskip mb_k3_s2_e6_c24_r2 mb_k5_s2_e3_c40_r3_se0.25 "
     "mb_k3_s2_e6_c80_r4 "
     "mb_k3_s1_e6_c112_r2_se0.25 mb_k5_s2_e6_c160_r3_se0.25 mb_k3_s1_e6_c320_r1 | conv_k1_s1_c1280 | fc1000 "
     "@3x224 relu",
     "arXiv 1807.11626 figure 7"},
    {"resnet-18",
     "conv_k7_s2_c64 maxpool_k3_s2 | basic_k3_s1_c64_r2 basic_k3_s2_c128_r2 basic_k3_s2_c256_r2 "
     "basic_k3_s2_c512_r2 | - | "
     "fc1000 @3x224 relu pad=symmetric bn_eps=1e-05",
     "arXiv 1512.03385 table 1"},
    {"resnet-34",
     "conv_k7_s2_c64 maxpool_k3_s2 | basic_k3_s1_c64_r3 basic_k3_s2_c128_r4 basic_k3_s2_c256_r6 "
     "basic_k3_s2_c512_r3 | - | "
     "fc1000 @3x224 relu pad=symmetric bn_eps=1e-05",
     "arXiv 1512.03385 table 1"},
    {"resnet-50",
     "conv_k7_s2_c64 maxpool_k3_s2 | bottleneck_k3_s1_c256_m64_r3 bottleneck_k3_s2_c512_m128_r4 "
     "bottleneck_k3_s2_c1024_m256_r6 bottleneck_k3_s2_c2048_m512_r3 | - | fc1000 @3x224 relu pad=symmetric "
     "bn_eps=1e-05",
     "arXiv 1512.03385 table 1, stride on the 3x3 as torchvision"},
    {"resnet-101",
     "conv_k7_s2_c64 maxpool_k3_s2 | bottleneck_k3_s1_c256_m64_r3 bottleneck_k3_s2_c512_m128_r4 "
     "bottleneck_k3_s2_c1024_m256_r23 bottleneck_k3_s2_c2048_m512_r3 | - | fc1000 @3x224 relu pad=symmetric "
     "bn_eps=1e-05",
     "arXiv 1512.03385 table 1, stride on the 3x3 as torchvision"},
    {"resnet-152",
     "conv_k7_s2_c64 maxpool_k3_s2 | bottleneck_k3_s1_c256_m64_r3 bottleneck_k3_s2_c512_m128_r8 "
     "bottleneck_k3_s2_c1024_m256_r36 bottleneck_k3_s2_c2048_m512_r3 | - | fc1000 @3x224 relu pad=symmetric "
     "bn_eps=1e-05",
     "arXiv 1512.03385 table 1, stride on the 3x3 as torchvision"},
}};

}  // namespace

std::span<const PublishedNet> published_nets() {
  return kNets;
}

}  // namespace effnet::spec
