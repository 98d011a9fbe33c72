// Spaces whose parts were timed: latency as a cost like the others.
#include <fmt/format.h>

#include <set>

#include "scaling/net_parts.h"
#include "search/auto_strategy.h"
#include "search/space.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/known_space.h"

using namespace effnet;
using namespace effnet::search;
using spec::CostKind;
using tests::contains;
using tests::error_of;

namespace {

// The known space with times that follow no rule.
std::string timed(const std::string& more = "") {
  const Space bare = Space::parse(tests::kKnownSpace, "known.toml");
  std::string text =
      std::string(tests::kKnownSpace) + more + "[latency]\nmeasured = \"a board\"\n[latency.ns]\n";
  for (const std::string& part : bare.possible_parts())
    text += fmt::format("\"{}\" = {}\n", part, 100 + spec::derive_seed(1, part) % 900);
  return text;
}

std::int64_t time_of(std::string_view part) {
  return static_cast<std::int64_t>(100 + spec::derive_seed(1, part) % 900);
}

}  // namespace

TEST_CASE("a net takes the sum of its parts") {
  const Space space = Space::parse(timed(), "timed.toml");
  const spec::Candidate net = space.candidate({{"stage1.channels", 12.0},
                                               {"stage1.kernel", 3.0},
                                               {"stage2.expand", 4.0},
                                               {"stage2.se", 0.0},
                                               {"stage3.kernel", 5.0},
                                               {"stage3.repeats", 2.0}});
  CHECK(net.cost.latency_ns == time_of("conv_k3_s1_c8 @1x16") + time_of("mb_k3_s1_e1_c12_r1 @8x16") +
                                   time_of("mb_k3_s2_e4_c16_r1 @12x16") +
                                   time_of("mb_k5_s1_e1_c24_r1 @16x8") + time_of("mb_k5_s1_e1_c24_r1 @24x8") +
                                   time_of("conv_k1_s1_c32 @24x8") + time_of("fc10 @32x8"));
  CHECK(space.latency()->measured() == "a board");
}

TEST_CASE("all parts that a space's nets can have are named, and no others") {
  const Space space = Space::parse(timed(), "timed.toml");
  std::set<std::string> parts;
  space.for_each([&](const spec::Choices& choices) {
    const spec::ArchSpec net = space.arch(choices);
    const scaling::Blocks blocks = scaling::blocks_of(net);
    parts.insert(blocks.texts.begin(), blocks.texts.end());
    parts.insert(scaling::tail_text(net.classes, blocks.end));
    return true;
  });
  CHECK(space.possible_parts() == std::vector<std::string>(parts.begin(), parts.end()));
}

TEST_CASE("the fastest and the slowest net are exact, though times follow no rule") {
  const Space space = Space::parse(timed(), "timed.toml");
  std::int64_t low = Limits::kNone, high = 0;
  space.for_each([&](const spec::Choices& choices) {
    const std::int64_t latency = space.candidate(choices).cost.latency_ns;
    low = std::min(low, latency);
    high = std::max(high, latency);
    return true;
  });
  CHECK(space.extreme(CostKind::kLatency, Extreme::kCheapest).cost.latency_ns == low);
  CHECK(space.extreme(CostKind::kLatency, Extreme::kLargest).cost.latency_ns == high);
}

TEST_CASE("limits on latency hold for samples, and are refused where nothing fits") {
  const Space space = Space::parse(timed(), "timed.toml");
  const std::int64_t least = space.extreme(CostKind::kLatency, Extreme::kCheapest).cost.latency_ns;
  const std::int64_t most = least + least / 5;
  const Space limited =
      Space::parse(timed(fmt::format("[limits]\nmax_latency_ns = {}\n", most)), "timed.toml");
  spec::RandomStream random(1);
  for (int i = 0; i < 50; ++i) REQUIRE(limited.candidate(limited.sample(random)).cost.latency_ns <= most);
  const spec::Error none = error_of([&] { space.with_limits({.max_latency_ns = least - 1}); });
  CHECK(contains(none.message(), fmt::format("cheapest has {} nanoseconds", least)));
}

TEST_CASE("a space without times knows no latency and says how to measure it") {
  const Space space = Space::parse(tests::kKnownSpace, "known.toml");
  CHECK(space.candidate(space.extreme(CostKind::kMacs, Extreme::kCheapest).choices).cost.latency_ns == 0);
  const Objective objective = one_cost(ObjectiveForm::kHard, 1e5, CostKind::kLatency);
  for (const spec::Error& error : {error_of([&] { space.extreme(CostKind::kLatency, Extreme::kCheapest); }),
                                   error_of([&] { space.with_limits({.max_latency_ns = 1000}); }),
                                   error_of([&] { check_strategy("auto", space, 20, objective); })}) {
    CHECK(error.kind() == spec::ErrorKind::kUsage);
    CHECK(contains(error.advice(), "effnet bench latency"));
  }
}

TEST_CASE("times that are none, and parts without a time, are refused") {
  CHECK(contains(error_of([] { Space::parse(timed() + "\"fc9 @32x8\" = -1\n", "t"); }).message(),
                 "no time in nanoseconds"));
  CHECK(contains(error_of([] { Space::parse(timed() + "\"fc9 @32x8\" = \"1 ms\"\n", "t"); }).message(),
                 "number"));
  CHECK(contains(error_of([] {
                   Space::parse(std::string(tests::kKnownSpace) + "[latency]\n[latency.ns]\n", "t");
                 }).message(),
                 "no part"));
  std::string text = timed();
  const std::size_t line = text.find("\"conv_k1_s1_c32 @24x8\"");
  text.erase(line, text.find('\n', line) + 1 - line);
  const Space space = Space::parse(text, "t");
  CHECK(contains(error_of([&] { space.extreme(CostKind::kMacs, Extreme::kCheapest); }).message(),
                 "'conv_k1_s1_c32 @24x8' was not measured"));
}
