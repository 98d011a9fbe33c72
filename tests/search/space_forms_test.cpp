// The shorter forms of a space file: operators with their expansion, multiples of a design, ties between stages.
#include <algorithm>
#include <cmath>
#include <functional>

#include "search/builtin_spaces.h"
#include "search/space.h"
#include "spec/recipe_choices.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;
using Catch::Approx;
using spec::Choices;
using tests::contains;
using tests::error_of;

namespace {

constexpr const char* kTied = R"(
name = "tied"
[skeleton]
input = 16
channels = 3
classes = 10
stem = "conv_k3_s1_c16"
head = "-"
[[stage]]
op = ["mb_e3", "fused_e2", "conv"]
channels = [16, 24]
kernel = [3, 5]
repeats = [1, 2]
[[stage]]
op = "mb"
stride = [1, 2]
channels = "stage1.channels"
kernel = "stage1.kernel"
expand = [1, 4]
[[stage]]
op = "stage1.op"
channels = 32
kernel = "stage2.kernel"
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

void for_all(const Space& space, const std::function<void(const spec::Candidate&)>& visit) {
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
  for (const Choices& choices : members) visit(space.candidate(choices));
}

}  // namespace

TEST_CASE("a tied key has the value of the stage it follows and is no choice of its own") {
  const Space space = Space::parse(kTied, "tied.toml");
  CHECK(space.size() == 3 * 2 * 2 * 2 * 2 * 2);
  const spec::ArchSpec arch = space.arch({{"stage1.op", std::string("mb_e3")},
                                          {"stage1.channels", 24.0},
                                          {"stage1.kernel", 5.0},
                                          {"stage1.repeats", 1.0},
                                          {"stage2.stride", 2.0},
                                          {"stage2.expand", 4.0}});
  CHECK(spec::to_text(arch) ==
        "conv_k3_s1_c16 | mb_k5_s1_e3_c24_r1 mb_k5_s2_e4_c24_r1 mb_k5_s1_e3_c32_r1 | - | fc10 @3x16 silu");
}

TEST_CASE("cheapest and largest members are exact in spaces with ties, for every cost") {
  const Space space = Space::parse(kTied, "tied.toml");
  for (const spec::CostKind kind : space.costs()) {
    std::int64_t low = Limits::kNone, high = 0;
    for_all(space, [&](const spec::Candidate& member) {
      low = std::min(low, spec::cost_of(member.cost, kind));
      high = std::max(high, spec::cost_of(member.cost, kind));
    });
    CHECK(spec::cost_of(space.extreme(kind, Extreme::kCheapest).cost, kind) == low);
    CHECK(spec::cost_of(space.extreme(kind, Extreme::kLargest).cost, kind) == high);
  }
}

TEST_CASE("limits on activations hold for samples, and are refused where nothing fits") {
  const Space space = Space::parse(kTied, "tied.toml");
  const std::int64_t least = space.extreme(spec::CostKind::kActivations, Extreme::kCheapest).cost.activations;
  const std::int64_t most = least + least / 4;
  const Space limited = Space::parse(
      std::string(kTied) + "[limits]\nmax_activations = " + std::to_string(most) + "\n", "t.toml");
  spec::RandomStream random(1);
  for (int i = 0; i < 50; ++i) REQUIRE(limited.candidate(limited.sample(random)).cost.activations <= most);
  const spec::Error none = error_of([&] { space.with_limits({.max_activations = least - 1}); });
  CHECK(contains(none.message(), "cheapest has " + std::to_string(least) + " activations"));
}

TEST_CASE("width and repeats_offset change a design's channels and repeats") {
  const Space space = Space::parse(
      "name = \"w\"\n[skeleton]\ninput = 16\ndivisor = 8\n[[stage]]\nop = \"mb\"\n"
      "channels = 24\nwidth = [0.75, 1, 1.25]\nrepeats = 2\nrepeats_offset = [-1, 0, 1]\n",
      "w.toml");
  REQUIRE(space.dimensions().size() == 2);
  CHECK(space.dimensions()[0].name == "stage1.channels");
  CHECK(space.dimensions()[0].values == std::vector<spec::ChoiceValue>{16.0, 24.0, 32.0});
  CHECK(space.dimensions()[1].values == std::vector<spec::ChoiceValue>{1.0, 2.0, 3.0});
}

TEST_CASE("mistakes in the shorter forms are named with their line") {
  const auto message = [](const std::string& toml) {
    const spec::Error error = error_of([&] { Space::parse(toml, "s.toml"); });
    CHECK(error.kind() == spec::ErrorKind::kUsage);
    return std::string(error.what());
  };
  CHECK(contains(message(replaced(kTied, "\"stage1.channels\"", "\"stage2.channels\"")), "s.toml:17"));
  CHECK(contains(message(replaced(kTied, "\"stage1.channels\"", "\"stage9.channels\"")),
                 "does not come before"));
  CHECK(
      contains(message(replaced(kTied, "kernel = \"stage1.kernel\"", "se = \"stage1.se\"")), "has no 'se'"));
  CHECK(contains(message(replaced(kTied, "\"stage1.kernel\"", "\"stage1.repeats\"")), "whole number"));
  CHECK(contains(message(replaced(kTied, "mb_e3", "mb_e3_s2")), "for example mb_e3"));
  CHECK(contains(message(replaced(kTied, "repeats = [1, 2]", "expand = 2")), "name their expansion"));
  CHECK(contains(message(replaced(kTied, "repeats = [1, 2]", "repeats = [1, 2]\nrepeats_offset = [0, 1]")),
                 "one value beside it"));
  CHECK(contains(message(replaced(kTied, "repeats = [1, 2]", "repeats = 1\nrepeats_offset = [-1, 0]")),
                 "makes 'repeats' 0 of 1"));
}

// arXiv 1807.11626 section 4.1: five blocks, about 10^13 nets with three skip operators where we have two.
TEST_CASE("the factorised space is the paper's, less one skip operator") {
  const Space space = builtin_space("mnasnet");
  const double per_stage = 4.0 * 2 * 2 * 2 * 3 * 3;  // operator, kernel, SE, skip, channels, layers
  CHECK(space.size() == std::pow(per_stage, 5));
  CHECK(std::pow(per_stage * 3 / 2, 5) == Approx(1.5e13).epsilon(0.01));

  // What MnasNet-A1 has of it: all but 112 channels where the space has 72, 96 and 120.
  Choices a1;
  const char* ops[] = {"mb_e6", "mb_e3", "mb_e6", "mb_e6", "mb_e6"};
  const double kernels[] = {3, 5, 3, 3, 5}, channels[] = {24, 40, 80, 120, 160}, repeats[] = {2, 3, 4, 2, 3},
               se[] = {0, 0.25, 0, 0.25, 0.25};
  for (int i = 0; i < 5; ++i) {
    const std::string stage = "stage" + std::to_string(i + 2);
    a1[stage + ".op"] = std::string(ops[i]);
    a1[stage + ".kernel"] = kernels[i];
    a1[stage + ".channels"] = channels[i];
    a1[stage + ".repeats"] = repeats[i];
    a1[stage + ".se"] = se[i];
    a1[stage + ".skip"] = std::string("true");
  }
  const spec::Cost cost = space.candidate(a1).cost;
  CHECK(static_cast<double>(cost.params) == Approx(3.9e6).epsilon(0.05));
  CHECK(static_cast<double>(cost.macs) == Approx(312e6).epsilon(0.06));
}

TEST_CASE("settings of the training and the resolution are choices like others, and cost what they cost") {
  const std::string text = R"(
name = "with-training"
[skeleton]
input = 24
channels = 1
classes = 10
stem = "conv_k3_s1_c8"
head = "conv_k1_s1_c32"
activation = "silu"
[[stage]]
op = "mb"
stride = 2
channels = [8, 16]
kernel = 3
expand = 2
repeats = 1
[training]
resolution = [16, 24]
lr_base = [0.2, 0.4, 0.8]
hflip = [true, false]
)";
  const Space space = Space::parse(text, "test");
  CHECK(space.size() == 24);
  REQUIRE(space.dimensions().size() == 4);
  CHECK(space.dimensions()[1].name == "resolution");
  CHECK(space.dimensions()[2].name == "recipe.lr_base");
  const spec::Choices choices{{"stage1.channels", 8.0},
                              {"resolution", 16.0},
                              {"recipe.lr_base", 0.2},
                              {"recipe.hflip", std::string("true")}};
  CHECK(space.arch(choices).resolution == 16);
  CHECK(space.extreme(spec::CostKind::kMacs, Extreme::kCheapest).arch.resolution == 16);
  CHECK(space.extreme(spec::CostKind::kMacs, Extreme::kLargest).arch.resolution == 24);
  std::int64_t least = INT64_MAX;
  space.for_each([&](const spec::Choices& member) {
    least = std::min(least, space.candidate(member).cost.macs);
    return true;
  });
  CHECK(space.extreme(spec::CostKind::kMacs, Extreme::kCheapest).cost.macs == least);

  const spec::Recipe recipe = spec::with_choices({.lr_base = 9}, choices, "test");
  CHECK(recipe.lr_base == 0.2);
  CHECK(recipe.hflip);

  const auto refused = [&](const std::string& line) {
    return error_of([&] { Space::parse(text + line + "\n", "test"); });
  };
  CHECK(contains(refused("lr_bas = [1, 2]").message(), "lr_bas"));
  CHECK(contains(refused("momentum = [0.9, 1.5]").message(), "outside"));
  CHECK(contains(refused("epochs = [1, 2]").message(), "budget"));
  CHECK(contains(refused("drop = 0.1").message(), "no choice"));
  CHECK(contains(refused("batch_size = [32, 33.5]").message(), "whole number"));
}
