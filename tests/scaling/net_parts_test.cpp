#include "scaling/net_parts.h"

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using namespace effnet::scaling;

namespace {

const spec::ArchSpec kNet = spec::parse_arch(
    "conv_k3_s2_c16 | mb_k5_s2_e3_c24_r2_se0.25 maxpool_k3_s2 conv_k1_s1_c1280_r1 | - | fc10 @3x33 relu "
    "pad=symmetric",
    "test");

}  // namespace

TEST_CASE("a net is its blocks, one by one with what each is given, and the classifier") {
  const Blocks blocks = blocks_of(kNet);
  CHECK(blocks.texts == std::vector<std::string>{
                            "conv_k3_s2_c16 @3x33",
                            "mb_k5_s2_e3_c24_r1_se0.25 @16x17",
                            "mb_k5_s1_e3_c24_r1_se0.25 @24x9",
                            "maxpool_k3_s2 @24x9",
                            "conv_k1_s1_c1280 @24x5",
                        });
  CHECK(tail_text(kNet.classes, blocks.end) == "fc10 @1280x5");
}

TEST_CASE("what is measured around a part leaves nothing but the part") {
  const PartNets block = nets_around("mb_k5_s2_e3_c24_r1_se0.25 @16x17", kNet, "test");
  CHECK(spec::to_text(block.with) ==
        "- | conv_k1_s1_c16 mb_k5_s2_e3_c24_r1_se0.25 | - | fc1 @8x17 relu pad=symmetric");
  CHECK(spec::to_text(*block.without) == "- | conv_k1_s1_c16 | - | fc1 @8x17 relu pad=symmetric");
  const PartNets tail = nets_around("fc10 @1280x5", kNet, "test");
  CHECK(spec::to_text(tail.with) == "- | conv_k1_s1_c1280 | - | fc10 @8x5 relu pad=symmetric");
  CHECK(spec::to_text(*tail.without) == "- | conv_k1_s1_c1280 | - | fc1 @8x5 relu pad=symmetric");
}

TEST_CASE("the part that is given the picture holds what every net takes once") {
  const PartNets stem = nets_around("conv_k3_s2_c16 @3x33", kNet, "test");
  CHECK(spec::to_text(stem.with) == "- | conv_k3_s2_c16 | - | fc1 @3x33 relu pad=symmetric");
  CHECK(!stem.without);
  const PartNets larger = nets_around("conv_k3_s2_c16 @3x48", kNet, "test");  // where resolution is a choice
  CHECK(spec::to_text(larger.with) == "- | conv_k3_s2_c16 | - | fc1 @3x48 relu pad=symmetric");
  CHECK(!larger.without);
}

TEST_CASE("a text that is no part is refused") {
  for (const char* text : {"", "mb_k3_s1_e1_c8_r1", "mb_k3_s1_e1_c8_r1 @8", "mb_k3_s1_e1_c8_r1 @8x0",
                           "fcx @8x8", "nb_k3_s1_c8 @8x8", "@8x8", "mb_k3_s1_e1_c8_r1 @8x8x8"}) {
    CAPTURE(text);
    CHECK(tests::error_of([&] { nets_around(text, kNet, "test"); }).kind() == spec::ErrorKind::kUsage);
  }
}
