#include "scaling/rounding.h"

#include "tests/support/catch.h"

using namespace effnet::scaling;

TEST_CASE("channels go to the nearest multiple, and up where more than 10 % would be lost") {
  CHECK(round_channels(40, 1.1, 8) == 48);  // 44 lies in the middle and goes up
  CHECK(round_channels(80, 1.1, 8) == 88);
  CHECK(round_channels(24, 1.1, 8) == 24);  // 26.4: 24 keeps 91 %
  CHECK(round_channels(16, 1.2, 8) == 24);  // 19.2: 16 would keep 83 %
  CHECK(round_channels(10, 0.1, 8) == 8);
  CHECK(round_channels(17, 1.0, 8) == 17);  // a width of 1 changes nothing
  CHECK(round_channels(12, 1.2, 4) == 16);  // 14.4: 12 would keep 83 %
}

TEST_CASE("repeats are rounded up") {
  CHECK(round_repeats(1, 1.1) == 2);
  CHECK(round_repeats(4, 1.1) == 5);
  CHECK(round_repeats(5, 1.2) == 6);
  CHECK(round_repeats(3, 1.0) == 3);
  CHECK(round_repeats(10, 1.1) == 11);  // 11.000000000000002 in doubles
}
