#include "scaling/cost_model.h"

#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;

namespace {

// Parameters and activations as pycls and torchvision publish them; multiply-adds are pycls' count less the
// bias additions; B6 and B7's from the same formula (facebookresearch/pycls dev/model_complexity.json).
struct Row {
  const char* name;
  std::int64_t params, macs, activations, bn_buffers;
  int last_map;
};
constexpr Row kFamily[] = {
    {"b0", 5288548, 385814752, 6748036, 42016, 7},
    {"b1", 7794184, 686802832, 10884328, 62048, 8},
    {"b2", 9109994, 993561872, 13832834, 67568, 9},
    {"b3", 12233232, 1827141392, 23831296, 87296, 10},
    {"b4", 19341616, 4393771024, 49489032, 125200, 12},
    {"b5", 30389784, 10266384752, 98857400, 172736, 15},
    {"b6", 43040704, 19067593536, 167393400, 224432, 17},
    {"b7", 66347960, 37745884192, 289939464, 310720, 19},
};

// Asserted by torchvision, imgclsmob and tensorflow/tpu's lite builder test.
struct ParamRow {
  const char* name;
  std::int64_t params;
};
constexpr ParamRow kParams[] = {
    {"b8", 87413142},          {"l2", 480309308},         {"lite0", 4652008},       {"lite1", 5416680},
    {"lite2", 6092072},        {"lite3", 8197096},        {"lite4", 13006568},      {"mnasnet-a1", 3887038},
    {"mobilenet-v1", 4231976}, {"mobilenet-v2", 3504872}, {"resnet-18", 11689512},  {"resnet-34", 21797672},
    {"resnet-50", 25557032},   {"resnet-101", 44549160},  {"resnet-152", 60192808},
};

}  // namespace

TEST_CASE("B0..B7 count as published, digit for digit") {
  for (const Row& row : kFamily) {
    const scaling::CostReport report = scaling::count(scaling::find_net(row.name).arch);
    INFO(row.name);
    CHECK(report.total.params == row.params);
    CHECK(report.total.macs == row.macs);
    CHECK(report.total.activations == row.activations);
    CHECK(report.total.bn_buffers == row.bn_buffers);
    CHECK(report.last_map == row.last_map);
  }
}

TEST_CASE("parameters of the other published nets") {
  for (const ParamRow& row : kParams) {
    INFO(row.name);
    CHECK(scaling::count(scaling::find_net(row.name).arch).total.params == row.params);
  }
}

TEST_CASE("multiply-adds of nets whose count is published") {
  CHECK(scaling::count(scaling::find_net("resnet-50").arch).total.macs ==
        4089184256);  // torchvision: 4.089 G
  CHECK(scaling::count(scaling::find_net("mobilenet-v2").arch).total.macs ==
        300774272);  // 300 M in the paper
  CHECK(scaling::count(scaling::find_net("b8").arch).total.macs == 62597461568);
}

TEST_CASE("the cost alone is that of the report") {
  for (const char* name : {"b0", "b3", "lite4", "mobilenet-v1", "resnet-50", "mnasnet-a1"}) {
    const spec::ArchSpec arch = scaling::find_net(name).arch;
    INFO(name);
    CHECK(scaling::total_cost(arch) == scaling::count(arch).total);
  }
}

TEST_CASE("B0 on small pictures") {
  spec::ArchSpec arch = scaling::find_net("b0").arch;
  arch.classes = 10;
  CHECK(scaling::count(arch).total.params == 4020358);
  arch.resolution = 32;
  CHECK(scaling::count(arch).last_map == 1);
  CHECK(scaling::count(arch).total.macs == Catch::Approx(8.47e6).epsilon(0.001));
  arch.stem.front().stride = 1;
  CHECK(scaling::count(arch).last_map == 2);
  CHECK(scaling::count(arch).total.macs == Catch::Approx(31.98e6).epsilon(0.001));
  CHECK(scaling::count(arch).total.activations == Catch::Approx(0.559e6).epsilon(0.001));
}

TEST_CASE("the layers add up to the total and carry the names of their blocks") {
  const scaling::CostReport report = scaling::count(scaling::find_net("b0").arch);
  spec::Cost sum;
  for (const scaling::LayerCost& layer : report.layers) sum += layer.cost;
  CHECK(sum == report.total);
  CHECK(report.layers.front().name == "stem.conv");
  CHECK(report.layers[1].name == "blocks.0.0.depthwise");  // expansion 1: no expand convolution
  CHECK(report.layers[4].name == "blocks.1.0.expand");
  CHECK(report.layers.back().name == "classifier");
}

TEST_CASE("a fused block by hand") {
  // expand 3x3 8->16 at 4x4: 1152 weights, 32 BN; project 1x1 16->8: 128 weights, 16 BN; classifier 8*2+2.
  const auto report =
      scaling::count(spec::parse_arch("- | fused_k3_s2_e2_c8_r1 | - | fc2 @8x8 silu", "test"));
  CHECK(report.total.params == 1152 + 32 + 128 + 16 + 18);
  CHECK(report.total.macs == 1152 * 16 + 128 * 16 + 16);
  CHECK(report.total.activations == 16 * 16 + 8 * 16 + 2);
}
