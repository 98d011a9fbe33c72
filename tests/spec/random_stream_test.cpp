#include "spec/random_stream.h"

#include <algorithm>
#include <numeric>

#include "tests/support/catch.h"

using effnet::spec::RandomStream;

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

// The product's oracle is the division it stands for: floor(fraction * count) of the number's upper 32 bits.
TEST_CASE("an index takes one number of the stream and is even") {
  RandomStream random(1), same(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) {
    const std::int64_t index = random.index(7);
    const double fraction = static_cast<double>(same.next() >> 32) * 0x1p-32;
    REQUIRE(index == static_cast<std::int64_t>(fraction * 7));
    ++counts[static_cast<std::size_t>(index)];
  }
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 465);  // five standard deviations
}

TEST_CASE("a shuffle loses nothing, brings every value everywhere, and is the seed's alone") {
  std::vector<int> sorted(5);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::vector<int> first_place(5);
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    std::vector<int> values = sorted, again = sorted;
    RandomStream(seed).shuffle(values);
    RandomStream(seed).shuffle(again);
    REQUIRE(values == again);
    ++first_place[static_cast<std::size_t>(values.front())];
    std::sort(values.begin(), values.end());
    REQUIRE(values == sorted);
  }
  for (const int count : first_place) CHECK(std::abs(count - 1'000) < 142);  // five standard deviations
}
