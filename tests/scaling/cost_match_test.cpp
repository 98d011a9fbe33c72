#include "scaling/cost_match.h"

#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;

TEST_CASE("MobileNetV2's shape at the cost of B0") {
  spec::ArchSpec shape = scaling::find_net("mobilenet-v2").arch;
  shape.channel_divisor = 4;  // steps of 8 channels would leave it 10 % off
  const spec::ArchSpec matched =
      scaling::match_cost(shape, {.alpha = 1, .beta = 1.1, .gamma = 1}, spec::CostKind::kMacs, 385.8e6);
  CHECK(scaling::count(matched).total.macs == Catch::Approx(385.8e6).epsilon(0.05));
  CHECK(spec::block_count(matched) == spec::block_count(shape));  // alpha is 1: only the width moved
  CHECK(matched.resolution == shape.resolution);
}

TEST_CASE("a net at its own cost stays itself") {
  const spec::ArchSpec b0 = scaling::find_net("b0").arch;
  CHECK(scaling::match_cost(b0, {}, spec::CostKind::kMacs, 385814752) == b0);
}

TEST_CASE("a wish that no width can meet gives the smallest net") {
  const spec::ArchSpec tiny = scaling::match_cost(
      scaling::find_net("resnet-18").arch, {.alpha = 1, .beta = 1.1, .gamma = 1}, spec::CostKind::kParams, 1);
  CHECK(tiny.stages.front().channels == 8);
}
