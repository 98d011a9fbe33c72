#include "scaling/compound_rule.h"

#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;

TEST_CASE("the published rule") {
  const scaling::CompoundRule rule;
  CHECK(rule.product() == Catch::Approx(1.92027).epsilon(1e-5));
}

TEST_CASE("phi = 0 is the baseline itself") {
  const spec::ArchSpec b0 = scaling::find_net("b0").arch;
  CHECK(scaling::scale(b0, scaling::multipliers({}, 0)) == b0);
}

TEST_CASE("the formula's nets cost more than the formula says") {
  const spec::ArchSpec b0 = scaling::find_net("b0").arch;
  const auto ratio = [&](double phi) {
    const spec::ArchSpec scaled = scaling::scale(b0, scaling::multipliers({}, phi));
    return static_cast<double>(scaling::count(scaled).total.macs) / 385814752.0;
  };
  CHECK(ratio(1) == Catch::Approx(2.57).epsilon(0.005));
  CHECK(ratio(2) == Catch::Approx(4.69).epsilon(0.005));
  CHECK(ratio(7) == Catch::Approx(102.9).epsilon(0.005));
}

TEST_CASE("phi implied by the published multipliers of B4") {
  CHECK(scaling::implied_phi(1.2, 1.8) == Catch::Approx(3.22).epsilon(0.002));
  CHECK(scaling::implied_phi(1.1, 1.4) == Catch::Approx(3.53).epsilon(0.002));
  CHECK(scaling::implied_phi(1.15, 380.0 / 224) == Catch::Approx(3.78).epsilon(0.002));
}

TEST_CASE("a ResNet scales too, middle channels with it") {
  const spec::ArchSpec scaled =
      scaling::scale(scaling::find_net("resnet-50").arch, {.depth = 1, .width = 2, .resolution = 1});
  CHECK(scaled.stages[0].channels == 512);
  CHECK(scaled.stages[0].mid_channels == 128);
  CHECK(scaled.stem[0].channels == 128);
}
