// Blocks of convolutions on CUDA, run by the emulator: which of their maps go on raw, seen by the launches that finish one,
// and that training and evaluation are the reference's all the same.
#include "tests/models/inference_example.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/emulated_context.h"

using namespace effnet;
using namespace effnet::tests;
using torch::Tensor;

namespace {

// Kernels whose name begins so, since clear_launches().
int launches_of(std::string_view kernel) {
  int count = 0;
  for (const auto& launch : emulator::launches()) count += launch.kernel.starts_with(kernel);
  return count;
}

// Where a map is finished, and the way back through that.
struct Finished {
  int forward = 0, backward = 0;
  bool operator==(const Finished&) const = default;
};

Finished finished_in_training(const char* block) {
  const spec::ArchSpec arch =
      spec::parse_arch(std::string("conv_k3_s1_c8 | ") + block + " | - | fc3 @3x8 silu", "test");
  models::Net net = random_net(arch, emulated());
  net->train();
  emulator::clear_launches();
  const Tensor logits = net->forward(pictures_of(2, arch));
  const int forward = launches_of("block_output_forward");
  logits.sum().backward();
  CHECK(net->context().fallbacks().empty());
  return {forward, launches_of("block_output_backward")};
}

}  // namespace

TEST_CASE("raw maps in blocks: none is finished where its reader takes it as it is") {
  // Stem, expansion, projection, mean: all raw.
  CHECK(finished_in_training("fused_k3_s2_e2_c16_r1") == Finished{0, 0});
  CHECK(finished_in_training("fused_k3_s2_e1_c16_r1") == Finished{0, 0});
  // A sum is of finished maps: behind the stem and the projection.
  CHECK(finished_in_training("fused_k3_s1_e2_c8_r1") == Finished{2, 2});
  // Squeeze-and-excite reads the expanded map finished.
  CHECK(finished_in_training("fused_k3_s2_e2_c16_r1_se0.25") == Finished{1, 1});
  // Two readers: behind the stem; a sum: behind the main path and the shortcut.
  CHECK(finished_in_training("basic_k3_s2_c16_r1") == Finished{3, 3});
  CHECK(finished_in_training("bottleneck_k3_s2_c16_m8_r1") == Finished{3, 3});
  // The reader is a block of depthwise convolutions, which gives a raw map to the next.
  CHECK(finished_in_training("fused_k3_s2_e2_c16_r1 mb_k3_s2_e2_c16_r1 fused_k3_s1_e2_c24_r1") ==
        Finished{0, 0});
}

namespace {

constexpr const char* kNet =
    "conv_k3_s2_c8 conv_k3_s1_c8 | fused_k3_s1_e2_c16_r2 fused_k3_s2_e1_c24_r1 basic_k3_s2_c16_r2 "
    "bottleneck_k3_s1_c32_m16_r2 | conv_k1_s1_c32 | fc5 @3x20 silu";

models::Net with_weights_of(const models::Net& net, const ops::ExecutionContext& context,
                            torch::ScalarType type) {
  models::Net other(net->arch(), models::Regularization{}, 1, context);
  const torch::NoGradGuard no_grad;
  const auto parameters = net->named_parameters(), buffers = net->named_buffers();
  for (const auto& item : other->named_parameters()) item.value().copy_(parameters[item.key()]);
  for (const auto& item : other->named_buffers()) item.value().copy_(buffers[item.key()]);
  other->to(type);
  return other;
}

double relative_error(const Tensor& ours, const Tensor& exact) {
  return (ours.to(torch::kDouble) - exact).abs().max().item<double>() / exact.abs().max().item<double>();
}

}  // namespace

TEST_CASE("raw maps in blocks: a net's step is the reference's, logits, gradients, statistics") {
  const spec::ArchSpec arch = spec::parse_arch(kNet, "test");
  models::Net net = random_net(arch, emulated());
  models::Net exact = with_weights_of(net, ops::Kernels::kReference, torch::kDouble);
  net->train();
  exact->train();
  const Tensor pictures = pictures_of(6, arch), to_logits = torch::randn({6, 5});
  const Tensor logits = net->forward(pictures), wanted = exact->forward(pictures.to(torch::kDouble));
  CHECK(relative_error(logits, wanted) < 1e-4);
  logits.backward(to_logits);
  wanted.backward(to_logits.to(torch::kDouble));
  const auto parameters = net->named_parameters(), buffers = net->named_buffers();
  for (const auto& item : exact->named_parameters()) {
    INFO(item.key());
    CHECK(relative_error(parameters[item.key()].grad(), item.value().grad()) < 1e-3);
  }
  for (const auto& item : exact->named_buffers()) {
    INFO(item.key());
    CHECK(relative_error(buffers[item.key()], item.value()) < 1e-4);
  }
  CHECK(net->context().fallbacks().empty());
}

TEST_CASE("raw maps in blocks: evaluation, block by block") {
  const spec::ArchSpec arch = spec::parse_arch(kNet, "test");
  models::Net net = random_net(arch, emulated());
  const Tensor pictures = pictures_of(2, arch);
  const torch::NoGradGuard no_grad;
  emulator::clear_launches();
  const Tensor logits = net->forward(pictures);
  CHECK(net->prepared().preparations() == 0);  // basic blocks have no place there
  // Behind the fused blocks 1 + 1 + 1, the basic ones 2 + 1, the bottlenecks 2 + 1.
  CHECK(launches_of("block_output_forward") == 9);
  CHECK(relative_error(logits, reference_logits(net, pictures, torch::kDouble)) < 1e-5);
}
