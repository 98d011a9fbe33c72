// Whole nets in evaluation mode: the prepared path gives the reference's logits, and goes with the weights wherever
// they are changed.
#include <sstream>

#include "models/net.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;
using torch::Tensor;

namespace {

// A net whose batch norms are not what they start as.
models::Net random_net(const spec::ArchSpec& arch, ops::Kernels kernels = ops::Kernels::kEffnet) {
  models::Net net(arch, models::Regularization{}, 1, kernels);
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  for (const auto& item : net->named_parameters()) {
    if (item.key().ends_with("bn.weight")) item.value().uniform_(0.7, 1.3);
    if (item.key().ends_with("bias")) item.value().normal_(0, 0.1);
  }
  for (const auto& item : net->named_buffers()) {
    if (item.key().ends_with("running_mean")) item.value().normal_(0, 0.1);
    if (item.key().ends_with("running_var")) item.value().uniform_(0.7, 1.3);
  }
  net->eval();
  return net;
}

Tensor pictures_of(std::int64_t count, const spec::ArchSpec& arch) {
  return torch::randn({count, arch.resolution, arch.resolution, arch.input_channels}).permute({0, 3, 1, 2});
}

Tensor exact_logits(const models::Net& net, const Tensor& pictures) {
  models::Net wide(net->arch(), models::Regularization{}, 1, ops::Kernels::kReference);
  const torch::NoGradGuard no_grad;
  const auto parameters = net->named_parameters(), buffers = net->named_buffers();
  for (const auto& item : wide->named_parameters()) item.value().copy_(parameters[item.key()]);
  for (const auto& item : wide->named_buffers()) item.value().copy_(buffers[item.key()]);
  wide->to(torch::kDouble);
  wide->eval();
  return wide->forward(pictures.to(torch::kDouble));
}

void check_logits(models::Net& net, const Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  const Tensor exact = exact_logits(net, pictures);
  const double error = (net->forward(pictures).to(torch::kDouble) - exact).abs().max().item<double>();
  CHECK(error < 1e-5 * exact.abs().max().item<double>());
}

}  // namespace

TEST_CASE("inference: logits of published nets are the reference's, without a fallback") {
  for (const char* name : {"b0", "lite0", "mobilenet-v1", "mobilenet-v2"}) {
    INFO(name);
    spec::ArchSpec arch = scaling::find_net(name).arch;
    arch.resolution = 64;
    models::Net net = random_net(arch);
    check_logits(net, pictures_of(3, arch));
    CHECK(net->prepared().preparations() == 1);
    CHECK(net->context().fallbacks().empty());
  }
}

// In bfloat16 logits differ from those of float by about a hundredth of their spread, so a class may change only where
// two are that close to each other.
TEST_CASE("inference: logits of B0..B7 in bfloat16 are near those in float, and so is the class chosen") {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"}) {
    INFO(name);
    spec::ArchSpec arch = scaling::find_net(name).arch;
    arch.resolution = 64;
    models::Net net = random_net(arch);
    const Tensor pictures = pictures_of(8, arch);
    const Tensor exact = net->forward(pictures);
    net->set_inference_precision(cpu::Precision::kBFloat16);
    const Tensor rounded = net->forward(pictures);
    CHECK(net->prepared().preparations() == 2);
    const Tensor spread = exact.std(1);
    const double error = ((rounded - exact).square().mean(1).sqrt() / spread).max().item<double>();
    UNSCOPED_INFO("rms error of " << error << " spreads");
    CHECK(error < 0.02);
    const Tensor lost = exact.amax(1) - exact.gather(1, rounded.argmax(1, true)).squeeze(1);
    CHECK((lost / spread).max().item<double>() < 0.05);
    CHECK((rounded.argmax(1) == exact.argmax(1)).sum().item<std::int64_t>() >= 7);
  }
}

TEST_CASE("inference: fused, identity and 7x7 blocks have a place; others run as modules") {
  for (const auto& [text, prepared] :
       {std::pair{"conv_k3_s2_c8 | fused_k3_s1_e1_c8_r2 fused_k3_s2_e4_c12_r2 mb_k7_s2_e3_c12_r2_se0.25 "
                  "identity_s2_c20 | "
                  "conv_k1_s1_c24 | fc10 @3x33 hard_swish",
                  1},
        {"conv_k3_s1_c8 | sep_k3_s2_c12 | - | fc10 @1x12 relu6", 1},
        {"conv_k3_s1_c8 | basic_k3_s1_c8_r1 mb_k3_s1_e2_c8_r1 | - | fc10 @3x12 relu", 0},
        {"conv_k3_s2_c8 maxpool_k3_s2 | mb_k3_s1_e2_c8_r1 | - | fc10 @3x16 silu", 0}}) {
    INFO(text);
    const spec::ArchSpec arch = spec::parse_arch(text, "test");
    models::Net net = random_net(arch);
    check_logits(net, pictures_of(2, arch));
    CHECK(net->prepared().preparations() == prepared);
    CHECK(net->context().fallbacks().empty());  // the modules have kernels too
  }
}

TEST_CASE("inference: an optimizer step, training's running statistics and a loaded state are seen") {
  const spec::ArchSpec arch =
      spec::parse_arch("conv_k3_s2_c8 | mb_k3_s1_e4_c8_r2_se0.25 | conv_k1_s1_c24 | fc10 @3x12 silu", "test");
  models::Net net = random_net(arch);
  const Tensor pictures = pictures_of(8, arch);
  check_logits(net, pictures);

  torch::optim::SGD optimizer(net->parameters(), 0.1);
  net->train();
  net->forward(pictures).square().sum().backward();  // moves the running statistics through pointers
  net->eval();
  check_logits(net, pictures);
  optimizer.step();
  check_logits(net, pictures);
  {
    const torch::NoGradGuard no_grad;
    for (const auto& item : net->named_parameters()) item.value().data().mul_(1.25);
  }
  check_logits(net, pictures);

  std::stringstream state;
  torch::save(random_net(arch, ops::Kernels::kReference), state);
  torch::load(net, state);
  check_logits(net, pictures);
}

TEST_CASE("inference: evaluation with gradients has them") {
  const spec::ArchSpec arch =
      spec::parse_arch("conv_k3_s2_c8 | mb_k3_s1_e4_c8_r1 | - | fc10 @3x8 silu", "test");
  models::Net net = random_net(arch);
  net->forward(pictures_of(2, arch)).sum().backward();
  CHECK(net->parameters().front().grad().defined());
  CHECK(net->prepared().preparations() == 0);
}
