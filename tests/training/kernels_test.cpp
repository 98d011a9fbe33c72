// Training by the project's kernels follows training by LibTorch's operators: the same seed, the same batches, the same
// loss curve up to what rounding does.
#include "tests/support/catch.h"
#include "tests/training/loss_curve.h"

using namespace effnet;
using namespace effnet::tests;

// Training magnifies what rounding does to a step, so the yardstick is what the reference does to itself when its start
// is moved by a unit in the last place (1.2e-7): the kernels round every operator, hence a multiple of it.
TEST_CASE("the loss curve of the project's kernels is the reference's within the noise of float") {
  at::set_num_threads(1);
  for (const auto optimizer : {spec::OptimizerKind::kSgd, spec::OptimizerKind::kRmspropTf}) {
    const LossCurve by_reference{
        .arch =
            "conv_k3_s1_c8 | mb_k3_s1_e2_c8_r2_se0.25 mb_k5_s2_e4_c12_r2_se0.25 fused_k3_s1_e2_c12_r1 "
            "sep_k3_s2_c16_r1 | conv_k1_s1_c32 | fc3 @3x12 silu",
        .recipe = recipe_with(optimizer),
        .compute = {.kernels = ops::Kernels::kReference}};
    LossCurve by_kernels = by_reference, moved = by_reference;
    by_kernels.compute.kernels = ops::Kernels::kEffnet;
    moved.shift = 1.2e-7;
    const Losses reference = losses_of(by_reference), ours = losses_of(by_kernels);
    const double noise = largest_difference(reference, losses_of(moved));
    INFO("noise " << noise);
    CHECK(ours.fallbacks.empty());
    CHECK(reference.values.back() <
          0.8 * reference.values.front());  // it learns, so the curve says something
    CHECK(noise > 0);
    CHECK(largest_difference(reference, ours) < 10 * noise);
  }
}
