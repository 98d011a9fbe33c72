#include "search/random_stream.h"

#include <algorithm>

#include "tests/support/catch.h"

using effnet::search::RandomStream;

TEST_CASE("the stream is SplitMix64: its published first values for seed 1234567") {
  RandomStream random(1234567);
  CHECK(random.next() == 6457827717110365317ULL);
  CHECK(random.next() == 3203168211198807973ULL);
  CHECK(random.next() == 9817491932198370423ULL);
}

TEST_CASE("draws are even, weighted draws follow their weights, a weight of 0 is never drawn") {
  RandomStream random(1);
  std::vector<int> even(3), weighted(3);
  for (int i = 0; i < 30'000; ++i) {
    ++even[random.below(3)];
    ++weighted[random.weighted({1, 0, 3})];
    const double u = random.uniform();
    REQUIRE((u >= 0 && u < 1));
  }
  for (const int count : even) CHECK(std::abs(count - 10'000) < 400);  // five standard deviations
  CHECK(std::abs(weighted[0] - 7'500) < 400);
  CHECK(weighted[1] == 0);
}
