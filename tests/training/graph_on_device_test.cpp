// On a CUDA device: a training by the project's kernels in a graph has the losses of one launch by launch, to the bit.
#include <cstdio>

#include "tests/support/catch.h"
#include "tests/training/loss_curve.h"

using namespace effnet;
using namespace effnet::tests;

TEST_CASE("on a device a graph of the step trains as the launches do") {
  if (!torch::cuda::is_available()) {
    std::puts("skipped: there is no CUDA device");
    std::exit(77);
  }
  for (const auto optimizer : {spec::OptimizerKind::kSgd, spec::OptimizerKind::kRmspropTf}) {
    for (const at::ScalarType maps : {torch::kFloat, torch::kBFloat16}) {
      LossCurve curve{
          .arch =
              "conv_k3_s2_c16 | mb_k3_s1_e1_c16_r2_se0.25 mb_k5_s2_e4_c24_r2_se0.25 | conv_k1_s1_c64 | "
              "fc3 @3x32 silu",
          .recipe = recipe_with(optimizer),
          .compute = {.device = torch::kCUDA, .kernels = ops::Kernels::kEffnet, .maps = maps},
          .batch = 16,
          .steps = 30};
      curve.compute.graph = false;
      const Losses launches = losses_of(curve);
      curve.compute.graph = true;
      const Losses graph = losses_of(curve);
      CHECK(graph.fallbacks.empty());
      CHECK(graph.values == launches.values);
      CHECK(graph.values.back() < graph.values.front());
    }
  }
}
