#include "search/rank_agreement.h"

#include "tests/support/catch.h"

using namespace effnet;

TEST_CASE("tau is 1 for the same order, -1 for the reverse") {
  CHECK(search::rank_agreement({1, 2, 3, 4, 5}, {10, 20, 30, 40, 50}, 1).tau == Catch::Approx(1));
  CHECK(search::rank_agreement({1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, 1).tau == Catch::Approx(-1));
}

TEST_CASE("tau-b with ties, as scipy.stats.kendalltau gives it") {
  // kendalltau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]) = -0.4714045
  CHECK(search::rank_agreement({12, 2, 1, 12, 2}, {1, 4, 7, 1, 0}, 1).tau == Catch::Approx(-0.4714045));
}

TEST_CASE("the interval holds tau, repeats with its seed, and says nothing where nothing can be said") {
  const std::vector<double> a{1, 2, 3, 4, 5, 6, 7, 8}, b{1, 3, 2, 4, 6, 5, 8, 7};
  const auto agreement = search::rank_agreement(a, b, 7);
  CHECK(agreement.low <= agreement.tau);
  CHECK(agreement.high >= agreement.tau);
  CHECK(agreement.low > 0);
  CHECK(search::rank_agreement(a, b, 7).low == agreement.low);
  const auto nothing = search::rank_agreement({1, 2}, {1, 2}, 1);
  CHECK(nothing.low == -1);
  CHECK(nothing.high == 1);
}
