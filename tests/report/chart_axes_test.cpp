#include "report/chart_axes.h"

#include "tests/support/catch.h"

using namespace effnet::report;
using Catch::Approx;

TEST_CASE("a log axis holds every value with room, and has readable ticks") {
  const Axis axis = log_axis({5.3e6, 557e6});
  CHECK(axis.low == Approx(4e6));
  CHECK(axis.high == Approx(800e6));
  CHECK(axis.ticks == std::vector<double>{5e6, 10e6, 20e6, 50e6, 100e6, 200e6, 500e6});
}

TEST_CASE("one value alone still makes an axis") {
  for (const double value : {1.0, 999.9, 1000.0, 23456.0, 7e9}) {
    const Axis x = log_axis({value});
    CHECK(x.low < value);
    CHECK(x.high > value);
    CHECK(x.ticks.size() >= 2);
    const Axis y = percent_axis({91.2}, 2);
    CHECK(y.high - y.low >= 2);
    CHECK(y.ticks.size() >= 3);
  }
}

TEST_CASE("percent stays percent") {
  const Axis top = percent_axis({99.9, 100}, 2);
  CHECK(top.high == Approx(100));
  const Axis bottom = percent_axis({0, 0.3}, 2);
  CHECK(bottom.low == Approx(0));
  const Axis spread = percent_axis({88.9, 92.4}, 2);
  CHECK(spread.low < 88.9);
  CHECK(spread.high > 92.4);
  CHECK(spread.ticks.size() <= 9);
}

TEST_CASE("positions run from the low end to the high end") {
  const Axis log{1, 100, {}};
  CHECK(log_position(log, 10, 300) == Approx(150));
  const Axis linear{70, 90, {}};
  CHECK(linear_position(linear, 75, 400) == Approx(100));
}
