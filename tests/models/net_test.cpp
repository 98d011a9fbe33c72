// Whole nets: exactly the counted parameters, the names of docs, channels_last from one channel on, initialization.
#include "models/net.h"

#include <random>

#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;
using Catch::Approx;

namespace {

models::Net build(const spec::ArchSpec& arch, std::uint64_t seed = 1) {
  return models::Net(arch, models::Regularization{}, seed);
}

std::int64_t buffer_count(const torch::nn::Module& net) {
  std::int64_t count = 0;
  for (const auto& buffer : net.buffers()) count += buffer.numel();
  return count;
}

void check_counts(const spec::ArchSpec& arch) {
  const auto cost = scaling::count(arch).total;
  const auto net = build(arch);
  CHECK(models::parameter_count(*net) == cost.params);
  CHECK(buffer_count(*net) == cost.bn_buffers);
}

// A stage of any kind from random numbers.
spec::Stage random_stage(std::mt19937& random) {
  const auto pick = [&](auto... values) {
    const std::array all{values...};
    return all[random() % all.size()];
  };
  spec::Stage stage;
  stage.op = pick(spec::Op::kConv, spec::Op::kMBConv, spec::Op::kFused, spec::Op::kSeparable,
                  spec::Op::kBasic, spec::Op::kBottleneck, spec::Op::kMaxPool, spec::Op::kIdentity);
  stage.kernel = pick(1, 3, 5, 7);
  stage.stride = pick(1, 1, 2);
  stage.channels = stage.op == spec::Op::kMaxPool ? 0 : pick(4, 6, 8, 12);
  stage.repeats = pick(1, 2, 3);
  if (stage.op == spec::Op::kMBConv || stage.op == spec::Op::kFused) {
    stage.expand_ratio = pick(1.0, 1.5, 4.0);
    stage.se_ratio = pick(0.0, 0.1, 0.25);
    stage.skip = pick(true, true, false);
  }
  if (stage.op == spec::Op::kBottleneck) {
    stage.groups = pick(1, 2);
    stage.mid_channels = pick(4, 8);
  }
  return stage;
}

}  // namespace

TEST_CASE("a built net has exactly the counted parameters") {
  for (const char* name : {"b0", "b1", "b2", "b3", "lite0", "mobilenet-v1", "mobilenet-v2", "mnasnet-a1",
                           "resnet-18", "resnet-34", "resnet-50", "resnet-101"}) {
    INFO(name);
    check_counts(scaling::find_net(name).arch);
  }
  CHECK(models::parameter_count(*build(scaling::find_net("b0").arch)) == 5'288'548);
}

TEST_CASE("random nets of every kind of block: counted parameters, shapes, gradients everywhere") {
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    spec::ArchSpec arch;
    arch.stem = {spec::parse_stage("conv_k3_s1_c8", "test")};
    for (unsigned s = 0; s < 1 + random() % 3; ++s) arch.stages.push_back(random_stage(random));
    if (random() % 2) arch.head = {spec::parse_stage("conv_k1_s1_c16", "test")};
    arch.classes = 5;
    arch.input_channels = 1 + 2 * static_cast<int>(random() % 2);
    arch.resolution = 9 + static_cast<int>(random() % 2);
    arch.activation = std::array{spec::Activation::kSilu, spec::Activation::kRelu, spec::Activation::kRelu6,
                                 spec::Activation::kHardSwish}[random() % 4];
    arch.padding = random() % 2 ? spec::Padding::kSame : spec::Padding::kSymmetric;
    arch.squeeze_base = random() % 2 ? spec::SqueezeBase::kInput : spec::SqueezeBase::kExpanded;
    INFO(spec::to_text(arch));
    spec::check(arch, "test");
    check_counts(arch);
    models::Net net = build(arch);
    const auto x =
        torch::randn({4, arch.resolution, arch.resolution, arch.input_channels}).permute({0, 3, 1, 2});
    const auto logits = net->forward(x);
    REQUIRE(logits.sizes() == at::IntArrayRef({4, 5}));
    logits.sum().backward();
    for (const auto& item : net->named_parameters()) {
      INFO(item.key());
      CHECK(item.value().grad().defined());
    }
    const torch::NoGradGuard no_grad;
    net->eval();
    CHECK(net->forward(x).isfinite().all().item<bool>());
  }
}

TEST_CASE("names of parameters") {
  const auto arch = spec::parse_arch(
      "conv_k3_s2_c8 maxpool_k3_s2 | mb_k3_s1_e1_c8_r1_se0.25 mb_k3_s2_e4_c16_r2 | conv_k1_s1_c32 | fc10 "
      "@3x16 silu",
      "test");
  const auto net = build(arch);
  const auto parameters = net->named_parameters();
  for (const char* name :
       {"stem.0.conv.weight", "stem.0.bn.bias", "blocks.0.0.dw.conv.weight", "blocks.0.0.se.reduce.weight",
        "blocks.0.0.se.expand.bias", "blocks.1.1.expand.conv.weight", "blocks.1.1.project.bn.weight",
        "head.conv.weight", "classifier.weight", "classifier.bias"}) {
    INFO(name);
    CHECK(parameters.contains(name));
  }
  CHECK_FALSE(parameters.contains("blocks.0.0.expand.conv.weight"));
  CHECK(net->named_buffers().contains("head.bn.running_var"));
}

TEST_CASE("one-channel pictures stay channels_last") {
  const auto arch =
      spec::parse_arch("conv_k3_s1_c8 | mb_k3_s2_e4_c8_r2_se0.25 | - | fc10 @1x12 silu", "test");
  models::Net net = build(arch);
  std::vector<float> pixels(4 * 12 * 12, 0.5f);
  const auto x = models::as_channels_last(pixels.data(), 4, 1, 12);
  models::Noise noise;
  const auto stem = std::dynamic_pointer_cast<models::BlockImpl>(net->named_modules()["stem"]);
  REQUIRE(stem);
  const auto y = stem->forward(x, noise);
  CHECK(y.strides() == at::IntArrayRef({12 * 12 * 8, 1, 12 * 8, 8}));
  const auto block = std::dynamic_pointer_cast<models::BlockImpl>(net->named_modules()["blocks.0.0"]);
  CHECK(block->forward(y, noise).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_CASE("initialization: its own seed, the published spreads") {
  const auto arch =
      spec::parse_arch("conv_k3_s1_c64 | mb_k5_s1_e6_c64_r1_se0.25 | - | fc100 @1x8 silu", "test");
  torch::manual_seed(1);
  const auto a = build(arch, 3);
  torch::manual_seed(2);
  torch::randn({10});
  const auto b = build(arch, 3), c = build(arch, 4);
  const auto pa = a->named_parameters(), pb = b->named_parameters(), pc = c->named_parameters();
  for (const auto& item : pa) CHECK(torch::equal(item.value(), pb[item.key()]));
  CHECK_FALSE(torch::equal(pa["stem.conv.weight"], pc["stem.conv.weight"]));

  const auto spread = [&](const char* name) { return pa[name].std().item<double>(); };
  CHECK(spread("stem.conv.weight") == Approx(std::sqrt(2.0 / (9 * 64))).epsilon(0.1));
  CHECK(spread("blocks.0.0.expand.conv.weight") == Approx(std::sqrt(2.0 / 384)).epsilon(0.05));
  CHECK(spread("blocks.0.0.dw.conv.weight") == Approx(std::sqrt(2.0 / 25)).epsilon(0.05));
  CHECK(spread("blocks.0.0.se.reduce.weight") == Approx(std::sqrt(2.0 / 16)).epsilon(0.05));
  CHECK(pa["classifier.weight"].abs().max().item<double>() == Approx(0.1).epsilon(0.01));
  CHECK(pa["classifier.bias"].abs().max().item<double>() == 0);
  CHECK(pa["stem.bn.weight"].min().item<double>() == 1);
}

TEST_CASE("drop-path and dropout repeat from their seed and are off in evaluation") {
  const auto arch = spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e2_c8_r4 | - | fc10 @3x8 silu", "test");
  models::Net net(arch, models::Regularization{.drop_path = 0.5, .drop = 0.5}, 1);
  const torch::NoGradGuard no_grad;
  const auto x = torch::randn({16, 8, 8, 3}).permute({0, 3, 1, 2});
  const auto run = [&](std::uint64_t seed) {
    net->restart_noise(seed);
    return net->forward(x);
  };
  const auto first = run(11);
  torch::randn({3});  // somebody else's random numbers do not matter
  CHECK(torch::equal(first, run(11)));
  CHECK_FALSE(torch::equal(first, run(12)));
  net->eval();
  CHECK(torch::equal(run(1), run(2)));
}
