// Whole nets in evaluation mode by the kernels of CUDA, run by the emulator: the prepared net gives the reference's logits.
#include "scaling/families.h"
#include "tests/models/inference_example.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/emulated_context.h"

using namespace effnet;
using namespace effnet::tests;
using torch::Tensor;

namespace {

// One kernel's launches in the last call.
int launches_of(std::string_view kernel) {
  int count = 0;
  for (const auto& launch : emulator::launches()) count += launch.kernel == kernel;
  return count;
}

// In float they are the reference's; in bfloat16 as near to them as LibTorch's, which rounds at each of its operators.
void check_logits(models::Net& net, const Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  const Tensor exact = reference_logits(net, pictures, torch::kDouble);
  net->set_inference_precision(cpu::Precision::kFloat);
  CHECK((net->forward(pictures) - exact).abs().max().item<double>() <
        1e-5 * exact.abs().max().item<double>());
  const Tensor peer = reference_logits(net, pictures, torch::kBFloat16);
  net->set_inference_precision(cpu::Precision::kBFloat16);
  const double error = rms(net->forward(pictures) - exact);
  CHECK(error > 0);
  CHECK(error < 1.2 * rms(peer - exact));
}

}  // namespace

TEST_CASE("inference on CUDA: logits of published nets are the reference's, without a fallback") {
  for (const char* name : {"b0", "lite0", "mobilenet-v1", "mobilenet-v2"}) {
    INFO(name);
    spec::ArchSpec arch = scaling::find_net(name).arch;
    arch.resolution = 40;
    models::Net net = random_net(arch, emulated());
    check_logits(net, pictures_of(2, arch));
    CHECK(net->prepared().preparations() == 2);
    CHECK(net->context().fallbacks().empty());
  }
}

TEST_CASE("inference on CUDA: every kind of layer that has a kernel") {
  for (const char* text :
       {"conv_k3_s2_c8 | mb_k3_s1_e1_c8_r2_se0.25 mb_k5_s2_e3_c16_r2 mb_k7_s1_e4_c24_r2_se0.25 | "
        "conv_k1_s1_c40 | "
        "fc10 @3x33 hard_swish",
        // Dense convolutions, with and without a residual, and a last map that is finished.
        "conv_k3_s1_c8 | fused_k3_s1_e1_c8_r2 fused_k3_s2_e4_c16_r2 identity_s2_c24 | - | fc10 @3x13 silu",
        "conv_k3_s2_c8 conv_k3_s1_c16 | mb_k3_s1_e1_c16_r1 sep_k3_s2_c24 sep_k5_s1_c24 | conv_k1_s1_c32 | "
        "fc10 @1x17 "
        "relu6",
        // An expansion whose tiles do not fit, and one behind a raw stem.
        "conv_k3_s2_c8 | mb_k3_s1_e6_c8_r1 mb_k3_s2_e3_c800_r2_se0.02 | - | fc10 @3x12 relu"}) {
    INFO(text);
    const spec::ArchSpec arch = spec::parse_arch(text, "test");
    models::Net net = random_net(arch, emulated());
    check_logits(net, pictures_of(3, arch));
    CHECK(net->prepared().preparations() == 2);
    CHECK(net->context().fallbacks().empty());
  }
}

TEST_CASE("inference on CUDA: a bottleneck is its first half, the gate and its projection") {
  const spec::ArchSpec arch = spec::parse_arch(
      "conv_k3_s2_c8 | mb_k3_s1_e1_c16_r1_se0.25 mb_k3_s1_e4_c16_r3_se0.25 | conv_k1_s1_c24 | fc10 @3x12 "
      "silu",
      "test");
  models::Net net = random_net(arch, emulated());
  const torch::NoGradGuard no_grad;
  emulator::clear_launches();
  net->forward(pictures_of(2, arch));
  CHECK(launches_of("stem_forward_rows") == 1);
  CHECK(launches_of("expand_depthwise_tiles") == 4);
  CHECK(launches_of("se_layers_forward_picture") == 4);
  CHECK(launches_of("pointwise_forward_strips") == 4 + 1);
  CHECK(launches_of("head_pool_forward_rows") == 1);
  CHECK(emulator::launches().size() == 1 + 4 + 4 + 5 + 1);
}

TEST_CASE("inference on CUDA: other pictures, other batches, other weights") {
  const spec::ArchSpec arch =
      spec::parse_arch("conv_k3_s2_c8 | mb_k3_s1_e4_c8_r2_se0.25 | conv_k1_s1_c24 | fc10 @3x12 silu", "test");
  models::Net net = random_net(arch, emulated());
  const torch::NoGradGuard no_grad;
  const auto check = [&](const Tensor& pictures) {
    const Tensor exact = reference_logits(net, pictures, torch::kDouble);
    CHECK((net->forward(pictures) - exact).abs().max().item<double>() <
          1e-5 * exact.abs().max().item<double>());
  };
  const Tensor first = pictures_of(2, arch);
  check(first);
  check(pictures_of(2, arch));
  check(pictures_of(5, arch));
  check(pictures_of(5, arch).narrow(3, 0, 9));
  check(first);
  CHECK(net->prepared().preparations() == 1);
  net->parameters().front().mul_(1.5);
  check(first);
  CHECK(net->prepared().preparations() == 2);
  net->train();
  net->eval();
  check(first);
  CHECK(net->prepared().preparations() == 3);
}

TEST_CASE("inference on CUDA: what there is no kernel for runs as modules, and is said") {
  for (const auto& [text, reason] :
       {std::pair{"conv_k3_s2_c8 | mb_k3_s1_e2_c12_r1 | - | fc10 @3x12 silu", "multiples of 8"},
        {"conv_k3_s2_c8 | bottleneck_k3_s1_c16_m8_r1 | - | fc10 @3x12 relu", ""},
        {"conv_k5_s2_c8 | mb_k3_s1_e2_c8_r1 | - | fc10 @3x12 silu", "3 x 3"}}) {
    INFO(text);
    const spec::ArchSpec arch = spec::parse_arch(text, "test");
    models::Net net = random_net(arch, emulated());
    const torch::NoGradGuard no_grad;
    const Tensor pictures = pictures_of(2, arch), exact = reference_logits(net, pictures, torch::kDouble);
    CHECK((net->forward(pictures) - exact).abs().max().item<double>() <
          1e-5 * exact.abs().max().item<double>());
    CHECK(net->prepared().preparations() == 0);
    const auto& fallbacks = net->context().fallbacks();
    CHECK(std::any_of(fallbacks.begin(), fallbacks.end(),
                      [&, part = std::string(reason)](const std::string& said) {
                        return said.find(part) != std::string::npos;
                      }) == !std::string(reason).empty());
  }
}
