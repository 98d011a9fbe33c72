#include "search/space.h"

#include <algorithm>
#include <map>
#include <set>

#include "scaling/cost_model.h"
#include "search/builtin_spaces.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;
using spec::Choices;
using tests::contains;
using tests::error_of;

namespace {

constexpr const char* kSmall = R"(
name = "small"
[skeleton]
input = 20
channels = 1
classes = 10
stem = "conv_k3_s1_c16"
head = "conv_k1_s1_c64"
[[stage]]
op = "mb"
stride = 2
channels = [16, 24]
kernel = [3, 5]
expand = [1, 3]
se = [0, 0.25]
[[stage]]
op = ["mb", "fused", "identity"]
stride = [1, 2]
channels = 32
expand = [1, 4]
repeats = [1, 2, 3]
)";

std::vector<spec::Candidate> all_members(const Space& space) {
  std::vector<Choices> members{{}};
  for (const Dimension& dimension : space.dimensions()) {
    std::vector<Choices> longer;
    for (const Choices& start : members) {
      for (const auto& value : dimension.values) {
        longer.push_back(start);
        longer.back()[dimension.name] = value;
      }
    }
    members = std::move(longer);
  }
  std::vector<spec::Candidate> candidates;
  for (const Choices& choices : members) candidates.push_back(space.candidate(choices));
  return candidates;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("lists are choices, scalars are fixed") {
  const Space space = Space::parse(kSmall, "small.toml");
  std::vector<std::string> names;
  for (const Dimension& dimension : space.dimensions()) names.push_back(dimension.name);
  CHECK(names == std::vector<std::string>{"stage1.kernel", "stage1.expand", "stage1.channels", "stage1.se",
                                          "stage2.op", "stage2.stride", "stage2.expand", "stage2.repeats"});
  CHECK(space.size() == 2 * 2 * 2 * 2 * 3 * 2 * 2 * 3);
  const spec::ArchSpec arch = space.arch({{"stage1.kernel", 5.0},
                                          {"stage1.expand", 3.0},
                                          {"stage1.channels", 24.0},
                                          {"stage1.se", 0.25},
                                          {"stage2.op", std::string("fused")},
                                          {"stage2.stride", 1.0},
                                          {"stage2.expand", 4.0},
                                          {"stage2.repeats", 2.0}});
  CHECK(
      spec::to_text(arch) ==
      "conv_k3_s1_c16 | mb_k5_s2_e3_c24_r1_se0.25 fused_k3_s1_e4_c32_r2 | conv_k1_s1_c64 | fc10 @1x20 silu");
}

TEST_CASE("every member's text can be read back, also where an operator lacks a field") {
  for (const spec::Candidate& member : all_members(Space::parse(kSmall, "small.toml"))) {
    REQUIRE(spec::parse_arch(spec::to_text(member.arch), "test") == member.arch);
  }
}

TEST_CASE("cheapest and largest members are exact: as found by going through all") {
  const Space space = Space::parse(kSmall, "small.toml");
  const std::vector<spec::Candidate> members = all_members(space);
  for (const spec::CostKind kind : {spec::CostKind::kMacs, spec::CostKind::kParams}) {
    const auto [low, high] =
        std::minmax_element(members.begin(), members.end(), [&](const auto& a, const auto& b) {
          return spec::cost_of(a.cost, kind) < spec::cost_of(b.cost, kind);
        });
    CHECK(spec::cost_of(space.extreme(kind, Extreme::kCheapest).cost, kind) ==
          spec::cost_of(low->cost, kind));
    CHECK(spec::cost_of(space.extreme(kind, Extreme::kLargest).cost, kind) ==
          spec::cost_of(high->cost, kind));
  }
}

TEST_CASE("samples and mutations stay within the limits and reach all that is within") {
  const Space whole = Space::parse(kSmall, "small.toml");
  std::set<std::string> allowed;
  const Limits limits{.max_macs = 900'000, .max_params = 20'000};
  for (const spec::Candidate& member : all_members(whole)) {
    if (limits.contain(member.cost)) allowed.insert(spec::choices_json(member.choices));
  }
  REQUIRE(allowed.size() > 10);
  REQUIRE(static_cast<double>(allowed.size()) < whole.size());
  const Space space = whole.with_limits(limits);
  spec::RandomStream random(1);
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < 40 * allowed.size(); ++i) {
    const Choices choices = space.sample(random);
    ++seen[spec::choices_json(choices)];
    const Choices next = space.mutate(choices, random);
    REQUIRE(allowed.contains(spec::choices_json(next)));
    int changed = 0;
    for (const auto& [name, value] : choices) changed += next.at(name) != value;
    REQUIRE(changed == 1);
  }
  CHECK(seen.size() == allowed.size());
  for (const auto& [text, count] : seen) {
    REQUIRE(allowed.contains(text));
    REQUIRE((count > 9 && count < 90));  // 40 on average, standard deviation 6
  }
}

TEST_CASE("limits that few members meet are met all the same") {
  const Space whole = builtin_space("b0-small");
  const std::int64_t least = whole.extreme(spec::CostKind::kMacs, Extreme::kCheapest).cost.macs;
  const Space space = whole.with_limits({.max_macs = least + least / 50});
  spec::RandomStream random(3);
  std::set<std::string> different;
  for (int i = 0; i < 5; ++i) {
    const Choices choices = space.sample(random);
    REQUIRE(space.candidate(choices).cost.macs <= least + least / 50);
    different.insert(spec::choices_json(choices));
  }
  CHECK(different.size() > 1);
}

TEST_CASE("a space with no member within its limits is refused before anything is trained") {
  const Space space = Space::parse(kSmall, "small.toml");
  const std::int64_t least = space.extreme(spec::CostKind::kMacs, Extreme::kCheapest).cost.macs;
  const std::int64_t most = space.extreme(spec::CostKind::kParams, Extreme::kLargest).cost.params;
  const spec::Error small = error_of([&] { space.with_limits({.max_macs = least - 1}); });
  CHECK(small.kind() == spec::ErrorKind::kUsage);
  CHECK(contains(small.message(), "cheapest has " + std::to_string(least) + " multiply-adds"));
  const spec::Error large = error_of([&] { space.with_limits({.min_params = most + 1}); });
  CHECK(contains(large.message(), "largest has " + std::to_string(most) + " parameters"));
  CHECK_NOTHROW(space.with_limits({.max_macs = least}));
  const spec::Error both =
      error_of([&] { space.with_limits({.min_macs = least + 1, .max_macs = least + 2}); });
  CHECK(contains(both.message(), "no net"));
  CHECK_THROWS_AS(Space::parse(std::string(kSmall) + "[limits]\nmax_macs = 1e3\n", "small.toml"),
                  spec::Error);
}

TEST_CASE("mistakes in a space file are named with their line") {
  const auto message = [](const std::string& toml) {
    const spec::Error error = error_of([&] { Space::parse(toml, "s.toml"); });
    CHECK(error.kind() == spec::ErrorKind::kUsage);
    return std::string(error.what());
  };
  CHECK(contains(message(replaced(kSmall, "kernel =", "kernal =")),
                 "s.toml:13: unknown key 'stage[1].kernal'"));
  CHECK(contains(message(replaced(kSmall, "kernel =", "kernal =")), "kernel"));
  CHECK(contains(message(replaced(kSmall, "[3, 5]", "[3, 4]")), "must be odd"));
  CHECK(contains(message(replaced(kSmall, "[3, 5]", "[3, 3]")), "twice"));
  CHECK(contains(message(replaced(kSmall, "[3, 5]", "[]")), "empty"));
  CHECK(contains(message(replaced(kSmall, "[3, 5]", "\"3\"")), "whole number"));
  CHECK(contains(message(replaced(kSmall, "\"fused\"", "\"fusd\"")), "fused"));
  CHECK(contains(message(replaced(kSmall, "channels = 32", "")), "channels"));
  CHECK(contains(message("name = \"x\"\n[skeleton]\n"), "[[stage]]"));
  CHECK(contains(message(std::string(kSmall) + "[limits]\nmax_mac = 1\n"), "max_macs"));
}

TEST_CASE("choices of another space are refused") {
  const Space space = Space::parse(kSmall, "small.toml");
  spec::RandomStream random(1);
  Choices choices = space.sample(random);
  choices["stage1.kernel"] = 7.0;
  CHECK(contains(error_of([&] { space.arch(choices); }).message(),
                 "'7' is no value of the choice 'stage1.kernel'"));
  choices.erase("stage1.kernel");
  CHECK(contains(error_of([&] { space.arch(choices); }).message(), "missing"));
}

TEST_CASE("a space without any choice is one net") {
  const Space space = Space::parse(
      "name = \"one\"\n[skeleton]\ninput = 8\n[[stage]]\nop = \"mb\"\nchannels = 8\n", "one.toml");
  spec::RandomStream random(1);
  CHECK(space.size() == 1);
  CHECK(space.mutate(space.sample(random), random).empty());
}

TEST_CASE("the built-in spaces: B0 is a member of b0-small") {
  const Space space = builtin_space("b0-small");
  CHECK(space.size() == 8.0 * 24 * 24 * 24 * 48 * 24 * 16);
  Choices b0;
  const double kernels[] = {3, 3, 5, 3, 5, 5, 3}, repeats[] = {1, 2, 2, 3, 3, 4, 1};
  for (int s = 1; s <= 7; ++s) {
    const std::string stage = "stage" + std::to_string(s);
    b0[stage + ".kernel"] = kernels[s - 1];
    b0[stage + ".repeats"] = repeats[s - 1];
    b0[stage + ".se"] = 0.25;
    if (s > 1) b0[stage + ".expand"] = 6.0;
  }
  b0["stage5.channels"] = 112.0;
  const spec::Candidate candidate = space.candidate(b0);
  CHECK(candidate.cost.params == 5'288'548);
  CHECK(candidate.cost.macs == 385'814'752);
  for (const BuiltinSpace& builtin : builtin_spaces())
    CHECK(builtin_space(builtin.name).name() == builtin.name);
  CHECK(contains(error_of([] { load_space("b0-smal"); }).advice(), "b0-small"));
}

// Published counts of NAS-Bench-Macro's table: net 00000000 and the best, 22212220.
TEST_CASE("blocks given as whole stages build NAS-Bench-Macro's nets") {
  const Space space = builtin_space("nas-bench-macro");
  CHECK(space.size() == 6561);
  Choices choices;
  for (const Dimension& dimension : space.dimensions()) choices[dimension.name] = dimension.values[0];
  const spec::Cost cost = space.candidate(choices).cost;
  CHECK(cost.params == 387'882);
  CHECK(cost.macs == 7'713'280);
}

TEST_CASE("a walk over all members keeps to the limits, and neighbours differ in one choice") {
  const Space space = builtin_space("nas-bench-macro").with_limits({.max_macs = 30'000'000});
  std::set<Choices> visited;
  space.for_each([&](const Choices& choices) {
    return space.within_limits(choices) && visited.insert(choices).second;
  });
  spec::RandomStream random(7);
  CHECK(visited.size() > 100);
  for (int i = 0; i < 200; ++i) CHECK(visited.contains(space.sample(random)));
  int seen = 0;
  space.for_each([&](const Choices&) { return ++seen < 3; });
  CHECK(seen == 3);

  const Choices net = space.sample(random);
  const std::vector<Choices> neighbours = space.neighbours(net);
  CHECK(std::set(neighbours.begin(), neighbours.end()).size() ==
        16);  // eight layers, two other operators each
  for (const Choices& neighbour : neighbours) {
    int changed = 0;
    for (const auto& [name, value] : neighbour) changed += value != net.at(name);
    CHECK(changed == 1);
  }
}
