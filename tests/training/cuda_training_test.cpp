// A tiny net is trained by the kernels of cuda/, run by the emulator, and follows training by LibTorch's operators.
#include <ATen/record_function.h>

#include <map>
#include <mutex>

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

namespace {

// How often LibTorch's operators are called while this lives.
class CountedOperators {
 public:
  CountedOperators()
      : handle_(
            at::addGlobalCallback(at::RecordFunctionCallback(count).scopes({at::RecordScope::FUNCTION}))) {
    counts().clear();
  }
  ~CountedOperators() { at::removeCallback(handle_); }

  int of(const std::string& name) const { return counts()[name]; }

 private:
  static std::map<std::string, int>& counts() {
    static std::map<std::string, int> counts;
    return counts;
  }
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    ++counts()[function.name()];
    return nullptr;
  }

  at::CallbackHandle handle_;
};

}  // namespace

// On a device each would be a launch.
TEST_CASE("more blocks leave LibTorch no more gradients to add and no more weights to round") {
  at::set_num_threads(1);
  std::vector<std::pair<int, int>> added_and_copied;
  for (const char* arch :
       {"conv_k3_s2_c8 | mb_k3_s1_e1_c8_r1 mb_k3_s1_e2_c8_r1_se0.25 | - | fc3 @3x12 silu",
        "conv_k3_s2_c8 | mb_k3_s1_e1_c8_r3 mb_k3_s1_e2_c8_r4_se0.25 | - | fc3 @3x12 silu"}) {
    LossCurve of = emulated(curve(spec::OptimizerKind::kSgd, arch));
    of.compute.maps = torch::kBFloat16;
    of.recipe.drop_path = 0;  // its draws are LibTorch's
    training::Learner learner(
        {.arch = spec::parse_arch(of.arch, "test"), .recipe = of.recipe, .compute = of.compute});
    const torch::Tensor pictures = torch::randn({4, 12, 12, 3}).permute({0, 3, 1, 2});
    const torch::Tensor labels = torch::tensor({0, 1, 2, 0}, torch::kLong);
    learner.step(pictures, labels, 0, 0.01);
    const CountedOperators operators;
    learner.step(pictures, labels, 1, 0.01);
    added_and_copied.emplace_back(operators.of("aten::add_"), operators.of("aten::copy_"));
  }
  CHECK(added_and_copied[0] == added_and_copied[1]);
}

TEST_CASE("parameters that somebody else writes are seen by the next step, which reads them in bfloat16") {
  at::set_num_threads(1);
  LossCurve of = curve(spec::OptimizerKind::kSgd);
  of.compute.maps = torch::kBFloat16;
  of.steps = 2;
  of.prepare = [](training::Learner& learner) {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : learner.net()->parameters()) parameter.mul_(0.5);
  };
  const Losses reference = losses_of(of), ours = losses_of(emulated(of));
  LossCurve left = of;
  left.prepare = {};
  CHECK(largest_difference(reference, ours) < 0.1 * largest_difference(reference, losses_of(left)));
}
