#include "search/luck_band.h"

#include <algorithm>

#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

// Of the rewards 1 .. 4, two draws have a best of at most k with probability (k / 4)^2: 1/16, 4/16, 9/16, 1.
TEST_CASE("the band's ends are the ranks that the formula has") {
  const std::vector<LuckBand> band = luck_band({3, 1, 4, 2}, 2);
  REQUIRE(band.size() == 2);
  CHECK(band[0].low == 1);
  CHECK(band[0].middle == 2);
  CHECK(band[0].high == 4);
  CHECK(band[1].low == 1);  // 1/16 > .05
  CHECK(band[1].middle == 3);
  CHECK(band[1].high == 4);
}

TEST_CASE("nine random searches of ten end within the band") {
  spec::RandomStream random(3);
  std::vector<double> rewards;
  for (int i = 0; i < 5000; ++i) rewards.push_back(random.uniform());
  constexpr int kTrials = 12, kSearches = 4000;
  const LuckBand band = luck_band(rewards, kTrials).back();
  int within = 0;
  for (int i = 0; i < kSearches; ++i) {
    double best = 0;
    for (int n = 0; n < kTrials; ++n) best = std::max(best, rewards[random.below(rewards.size())]);
    within += best > band.low && best <= band.high ? 1 : 0;
  }
  CHECK(within / static_cast<double>(kSearches) == Catch::Approx(0.9).margin(0.03));
}

TEST_CASE("without rewards there is no band") {
  CHECK(luck_band({}, 5).empty());
}
