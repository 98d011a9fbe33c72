// A tiny net is trained by the kernels of cuda/, run by the emulator, and follows training by LibTorch's operators.
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/training/loss_curve.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

constexpr const char* kInverted =
    "conv_k3_s2_c8 | mb_k3_s1_e1_c8_r1_se0.25 mb_k5_s2_e2_c16_r1_se0.25 | conv_k1_s1_c32 | fc3 @3x12 silu";
// Of dense convolutions: fused blocks with and without expansion, basic blocks with and without a strided shortcut.
constexpr const char* kDense =
    "conv_k3_s1_c8 | fused_k3_s1_e1_c8_r1 fused_k3_s2_e2_c16_r1_se0.25 basic_k3_s2_c16_r1 basic_k3_s1_c16_r1 "
    "| conv_k1_s1_c32 | fc3 @3x12 silu";

LossCurve curve(spec::OptimizerKind optimizer, const char* arch = kInverted) {
  emulator::open_host_memory();
  return {.arch = arch,
          .recipe = recipe_with(optimizer),
          .compute = {.kernels = ops::Kernels::kReference},
          .batch = 4,
          .steps = 20};
}

LossCurve emulated(LossCurve curve) {
  curve.compute.kernels = ops::Kernels::kEffnet;
  curve.compute.cuda_memory = ops::CudaMemory::kHost;
  return curve;
}

}  // namespace

// As for the kernels of the CPU (kernels_test.cpp): a multiple of what a unit in the last place does to the reference.
TEST_CASE("the loss curve of the kernels of CUDA is the reference's within the noise of float") {
  at::set_num_threads(1);
  for (const LossCurve& by_reference :
       {curve(spec::OptimizerKind::kSgd), curve(spec::OptimizerKind::kRmspropTf),
        curve(spec::OptimizerKind::kSgd, kDense)}) {
    INFO(by_reference.arch);
    LossCurve moved = by_reference;
    moved.shift = 1.2e-7;
    const Losses reference = losses_of(by_reference), ours = losses_of(emulated(by_reference));
    const double noise = largest_difference(reference, losses_of(moved));
    INFO("noise " << noise);
    CHECK(ours.fallbacks.empty());
    CHECK(noise > 0);
    CHECK(largest_difference(reference, ours) < 20 * noise);
  }
}

// The yardstick is the reference's own operators on maps of bfloat16.
TEST_CASE("with maps of bfloat16 the loss curve stays as close to that of floats as the reference's does") {
  at::set_num_threads(1);
  LossCurve in_float = curve(spec::OptimizerKind::kSgd);
  in_float.steps = 8;
  LossCurve in_bfloat16 = in_float;
  in_bfloat16.compute.maps = torch::kBFloat16;
  const Losses exact = losses_of(in_float), reference = losses_of(in_bfloat16);
  const Losses ours = losses_of(emulated(in_bfloat16));
  const double noise = largest_difference(exact, reference);
  INFO("noise " << noise);
  CHECK(noise > 1e-4);
  CHECK(largest_difference(exact, ours) < 2 * noise);
}
