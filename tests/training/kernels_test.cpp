// Training by the project's kernels follows training by LibTorch's operators: the same seed, the same batches, the same
// loss curve up to what rounding does.
#include "training/learner.h"

#include "tests/support/catch.h"

using namespace effnet;

namespace {

constexpr int kSteps = 50;

spec::Recipe recipe_of(spec::OptimizerKind optimizer) {
  spec::Recipe recipe;
  recipe.opt = optimizer;
  recipe.ema_decay = 0.99;
  recipe.drop_path = 0.2;
  recipe.drop = 0.1;
  recipe.clip_grad = 5;
  recipe.bn_momentum = 0.1;
  return recipe;
}

// The loss of every step, on batches of three kinds of stripes. `shift` moves every parameter of the start by so much of
// itself.
std::vector<double> losses(const spec::Recipe& recipe, ops::Kernels kernels, double shift = 0) {
  const auto arch = spec::parse_arch(
      "conv_k3_s1_c8 | mb_k3_s1_e2_c8_r2_se0.25 mb_k5_s2_e4_c12_r2_se0.25 fused_k3_s1_e2_c12_r1 "
      "sep_k3_s2_c16_r1 | "
      "conv_k1_s1_c32 | fc3 @3x12 silu",
      "test");
  training::Learner learner({.arch = arch, .recipe = recipe, .seed = 4, .kernels = kernels});
  if (shift != 0) {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : learner.net()->parameters()) parameter.mul_(1 + shift);
  }
  torch::manual_seed(9);
  std::vector<double> losses;
  for (int step = 0; step < kSteps; ++step) {
    const torch::Tensor labels = torch::randint(3, {16}, torch::kLong);
    torch::Tensor pictures = torch::randn({16, 12, 12, 3});
    for (int n = 0; n < 16; ++n) {
      const auto label = labels[n].item<std::int64_t>();
      if (label < 2) pictures[n].slice(label, 0, 12, 2) += 1.5;
    }
    learner.set_loss_sum(0);
    learner.step(pictures.permute({0, 3, 1, 2}), labels, step, 0.02);
    losses.push_back(learner.loss_sum());
  }
  if (kernels == ops::Kernels::kEffnet) CHECK(learner.net()->context().fallbacks().empty());
  return losses;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

// Training magnifies what rounding does to a step, so the yardstick is what the reference does to itself when its start
// is moved by a unit in the last place (1.2e-7): the kernels round every operator, hence a multiple of it.
TEST_CASE("the loss curve of the project's kernels is the reference's within the noise of float") {
  at::set_num_threads(1);
  for (const auto optimizer : {spec::OptimizerKind::kSgd, spec::OptimizerKind::kRmspropTf}) {
    const spec::Recipe recipe = recipe_of(optimizer);
    const auto reference = losses(recipe, ops::Kernels::kReference);
    const auto ours = losses(recipe, ops::Kernels::kEffnet);
    const double noise = largest_difference(reference, losses(recipe, ops::Kernels::kReference, 1.2e-7));
    INFO("noise " << noise);
    CHECK(reference.back() < 0.8 * reference.front());  // it learns, so the curve says something
    CHECK(noise > 0);
    CHECK(largest_difference(reference, ours) < 10 * noise);
  }
}
