// Whole nets in evaluation mode: the prepared path gives the reference's logits, and goes with the weights wherever
// they are changed.
#include <sstream>

#include "scaling/families.h"
#include "tests/models/inference_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using torch::Tensor;

namespace {

void check_logits(models::Net& net, const Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  const Tensor exact = reference_logits(net, pictures, torch::kDouble);
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

// Nets with random weights make much of small errors, and the deeper ones of any: what their batch norms divide by is
// the spread of the pictures shown, little beside what these have in common. How much is LibTorch's to say, which rounds
// the same nets at each of its operators.
TEST_CASE("inference: logits of B0..B7 in bfloat16 are as near to the exact ones as LibTorch's in bfloat16") {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"}) {
    INFO(name);
    spec::ArchSpec arch = scaling::find_net(name).arch;
    arch.resolution = 64;
    models::Net net(arch, models::Regularization{.bn_momentum = 1}, 1, ops::Kernels::kEffnet);
    torch::manual_seed(3);
    const Tensor pictures =
        pictures_of(8, arch) * (torch::rand({8, 1, 1, 1}) + 0.2) + torch::randn({8, 3, 1, 1});
    net->forward(pictures);
    net->eval();
    const Tensor exact = net->forward(pictures).to(torch::kDouble);
    const Tensor peer = reference_logits(net, pictures, torch::kBFloat16);
    net->set_inference_precision(cpu::Precision::kBFloat16);
    const double error = rms(net->forward(pictures) - exact);
    CHECK(net->prepared().preparations() == 2);
    CHECK(error > 0);
    CHECK(error < 1.2 * rms(peer - exact));

    models::Net other = random_net(arch);
    const Tensor logits = other->forward(pictures);
    other->set_inference_precision(cpu::Precision::kBFloat16);
    CHECK(rms(other->forward(pictures) - logits) < 0.02 * logits.std().item<double>());
  }
}

TEST_CASE("inference: a trained net chooses the same classes in bfloat16") {
  const spec::ArchSpec arch = spec::parse_arch(
      "conv_k3_s2_c16 | mb_k3_s1_e1_c16_r1_se0.25 mb_k3_s2_e4_c24_r2_se0.25 mb_k5_s2_e4_c40_r2_se0.25 | "
      "conv_k1_s1_c80 | fc10 @3x32 silu",
      "test");
  models::Net net(arch, models::Regularization{.bn_momentum = 0.1}, 1, ops::Kernels::kEffnet);
  torch::manual_seed(4);
  const Tensor patterns = torch::randn({10, 3, 32, 32});
  const auto pictures_with = [&](const Tensor& labels) {
    return (patterns.index_select(0, labels) + 2 * torch::randn({labels.size(0), 3, 32, 32}))
        .contiguous(at::MemoryFormat::ChannelsLast);
  };
  torch::optim::SGD optimizer(net->parameters(), torch::optim::SGDOptions(0.05).momentum(0.9));
  for (int step = 0; step < 60; ++step) {
    const Tensor labels = torch::randint(10, {64}, torch::kLong);
    optimizer.zero_grad();
    at::cross_entropy_loss(net->forward(pictures_with(labels)), labels).backward();
    optimizer.step();
  }

  net->eval();
  const torch::NoGradGuard no_grad;
  const Tensor labels = torch::randint(10, {400}, torch::kLong), pictures = pictures_with(labels);
  const Tensor exact = net->forward(pictures);
  net->set_inference_precision(cpu::Precision::kBFloat16);
  const Tensor rounded = net->forward(pictures);
  CHECK((exact.argmax(1) == labels).sum().item<std::int64_t>() > 200);  // it has learnt something
  CHECK((rounded.argmax(1) == exact.argmax(1)).sum().item<std::int64_t>() >= 392);
  CHECK(rms(rounded - exact) < 0.02 * rms(exact - exact.mean(0, true)));
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
