#include "search/tried_nets.h"

#include "spec/random_stream.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;

namespace {

spec::Choices net(double name) {
  return {{"net", name}};
}

}  // namespace

TEST_CASE("without repeats the rewards count as they are, the earlier first among equals") {
  TriedNets tried;
  CHECK(tried.best(3).empty());
  tried.add(net(3), .5);
  tried.add(net(1), .7);
  tried.add(net(2), .7);
  CHECK(tried.best(2) == std::vector{net(1), net(2)});
  CHECK(tried.best(9).size() == 3);
}

// By hand: means .80 (four rewards, .76 .80 .80 .84), .82 (one), .60 (two, .56 .64), .58 (one); their mean m = .70. Within:
// squares .0032 + .0032 over 4 repeats, s = .0016. Between: (.01 + .0144 + .01 + .0144) / 3 = .016267, less
// s * mean(1/n) = .0016 * (.25 + 1 + .5 + 1) / 4 = .0011, so t = .015167. The first net is worth
// .70 + t / (t + s/4) * .10 = .79743, the second .70 + t / (t + s) * .12 = .80855: still ahead.
TEST_CASE("means of repeated nets count more than one reward, as far as rewards of one net differ") {
  TriedNets tried;
  for (const double reward : {.76, .80, .80, .84}) tried.add(net(1), reward);
  tried.add(net(2), .82);
  for (const double reward : {.56, .64}) tried.add(net(3), reward);
  tried.add(net(4), .58);
  CHECK(tried.best(2) == std::vector{net(2), net(1)});
  // .802 instead of .82: worth .79 by the same arithmetic, now behind.
  TriedNets closer;
  for (const double reward : {.76, .80, .80, .84}) closer.add(net(1), reward);
  closer.add(net(2), .802);
  for (const double reward : {.56, .64}) closer.add(net(3), reward);
  closer.add(net(4), .58);
  CHECK(closer.best(2) == std::vector{net(1), net(2)});
}

// Noise of twice the spread of the worths: the net named is worth more than the one of the luckiest reward.
TEST_CASE("on average the shrunk best is better than the luckiest") {
  double shrunk = 0, luckiest = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    spec::RandomStream random(seed);
    const auto noise = [&] { return random.uniform() + random.uniform() + random.uniform() - 1.5; };
    TriedNets tried;
    std::vector<double> worths;
    std::pair<double, std::size_t> lucky{-1e9, 0};
    for (std::size_t i = 0; i < 20; ++i) {
      worths.push_back(noise());
      for (std::size_t run = 0; run < 1 + i % 4; ++run) {
        const double reward = worths[i] + 2 * noise();
        tried.add(net(static_cast<double>(i)), reward);
        lucky = std::max(lucky, {reward, i});
      }
    }
    shrunk += worths[static_cast<std::size_t>(std::get<double>(tried.best(1).front().at("net")))] / 400;
    luckiest += worths[lucky.second] / 400;
  }
  CAPTURE(shrunk, luckiest);
  CHECK(shrunk > luckiest + .05);
}
