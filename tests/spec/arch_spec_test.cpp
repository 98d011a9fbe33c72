#include "spec/arch_spec.h"

#include "spec/published_nets.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using tests::contains;
using tests::error_of;

TEST_CASE("a published net's text is canonical: parsing and printing give it back") {
  for (const spec::PublishedNet& net : spec::published_nets()) {
    INFO(net.name);
    CHECK(spec::to_text(spec::parse_arch(net.arch, net.name)) == net.arch);
  }
}

TEST_CASE("a stage says what it is") {
  const spec::Stage stage = spec::parse_stage("mb_k5_s2_e6_c40_r2_se0.25", "test");
  CHECK(stage.op == spec::Op::kMBConv);
  CHECK(stage.kernel == 5);
  CHECK(stage.stride == 2);
  CHECK(stage.expand_ratio == 6);
  CHECK(stage.channels == 40);
  CHECK(stage.repeats == 2);
  CHECK(stage.se_ratio == 0.25);
  CHECK(stage.skip);
}

TEST_CASE("every property survives the round trip") {
  spec::ArchSpec arch =
      spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e2.5_c12_r2_noskip | - | fc10 @1x20 hard_swish", "test");
  arch.padding = spec::Padding::kSymmetric;
  arch.bn_eps = 1e-5;
  arch.squeeze_base = spec::SqueezeBase::kExpanded;
  arch.channel_divisor = 4;
  arch.fixed_ends = true;
  CHECK(spec::parse_arch(spec::to_text(arch), "test") == arch);
}

TEST_CASE("fields may come in any order, the canonical text has one") {
  CHECK(spec::to_text(spec::parse_stage("mb_c24_e6_s2_k3", "test")) == "mb_k3_s2_e6_c24_r1");
}

TEST_CASE("wrong texts are named") {
  const auto message = [](std::string_view text) {
    return std::string(error_of([&] { spec::parse_arch(text, "--arch"); }).what());
  };
  CHECK(contains(message("nonsense"), "is not a net"));
  CHECK(contains(message("conv_k3_c8 | mbb_k3_c8 | - | fc10 @3x32 silu"), "did you mean 'mb'?"));
  CHECK(contains(message("conv_k3_c8 | mb_k4_c8 | - | fc10 @3x32 silu"), "must be odd"));
  CHECK(contains(message("conv_k3_c8 | mb_k3_c99999999999 | - | fc10 @3x32 silu"), "is not a number"));
  CHECK(contains(message("conv_k3_c8 | mb_k3_c0 | - | fc10 @3x32 silu"), "channels"));
  CHECK(
      contains(message("conv_k3_c8 | conv_k3_c8_se0.25 | - | fc10 @3x32 silu"), "no field of a conv stage"));
  CHECK(contains(message("conv_k3_c8 | - | - | fc10 @3x32 silu"), "at least one stage"));
  CHECK(contains(message("conv_k3_c8 | mb_k3_c8 | - | fc10 @3x32 sillu"), "did you mean 'silu'?"));
  CHECK(contains(message("conv_k3_c8 | mb_k3_c8 | - | fc10 @3 silu"), "@CHANNELSxRESOLUTION"));
  CHECK(contains(message("conv_k3_c8 | mb_k3_c8 | - | fc10 @3x32 silu magic=1"), "unknown property"));
}

TEST_CASE("every prefix of a text is either a net or an error, never a crash") {
  const std::string text(spec::published_nets().front().arch);
  int parsed = 0;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    try {
      spec::parse_arch(text.substr(0, length), "prefix");
      ++parsed;
    } catch (const spec::Error&) {
    }
  }
  CHECK(parsed == 1);
}
