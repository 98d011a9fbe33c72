#include "scaling/families.h"

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;

namespace {

struct Row {
  const char* name;
  std::vector<int> repeats, channels;
  int stem, head;
};

// tensorflow/tpu's nets, recounted.
const std::vector<Row> kRows{
    {"b0", {1, 2, 2, 3, 3, 4, 1}, {16, 24, 40, 80, 112, 192, 320}, 32, 1280},
    {"b1", {2, 3, 3, 4, 4, 5, 2}, {16, 24, 40, 80, 112, 192, 320}, 32, 1280},
    {"b2", {2, 3, 3, 4, 4, 5, 2}, {16, 24, 48, 88, 120, 208, 352}, 32, 1408},
    {"b3", {2, 3, 3, 5, 5, 6, 2}, {24, 32, 48, 96, 136, 232, 384}, 40, 1536},
    {"b4", {2, 4, 4, 6, 6, 8, 2}, {24, 32, 56, 112, 160, 272, 448}, 48, 1792},
    {"b5", {3, 5, 5, 7, 7, 9, 3}, {24, 40, 64, 128, 176, 304, 512}, 48, 2048},
    {"b6", {3, 6, 6, 8, 8, 11, 3}, {32, 40, 72, 144, 200, 344, 576}, 56, 2304},
    {"b7", {4, 7, 7, 10, 10, 13, 4}, {32, 48, 80, 160, 224, 384, 640}, 64, 2560},
};

}  // namespace

TEST_CASE("repeats, channels and strides of B0..B7") {
  for (const Row& row : kRows) {
    const spec::ArchSpec arch = scaling::find_net(row.name).arch;
    std::vector<int> repeats, channels, strides;
    for (const spec::Stage& stage : arch.stages) {
      repeats.push_back(stage.repeats);
      channels.push_back(stage.channels);
      strides.push_back(stage.stride);
    }
    INFO(row.name);
    CHECK(repeats == row.repeats);
    CHECK(channels == row.channels);
    CHECK(strides == std::vector<int>{1, 2, 2, 2, 1, 2, 1});
    CHECK(arch.stem.front().channels == row.stem);
    CHECK(arch.head.front().channels == row.head);
  }
}

TEST_CASE("Lite keeps stem, head and the depth of its first and last stage") {
  const spec::ArchSpec lite4 = scaling::find_net("lite4").arch;
  CHECK(lite4.stem.front().channels == 32);
  CHECK(lite4.head.front().channels == 1280);
  CHECK(lite4.stages.front().repeats == 1);
  CHECK(lite4.stages.back().repeats == 1);
  CHECK(lite4.stages[1].repeats == 4);
}

TEST_CASE("names are forgiving about case, dashes and prefixes, not about spelling") {
  CHECK(scaling::find_net("EfficientNet-B0").arch == scaling::find_net("b0").arch);
  CHECK(scaling::find_net("resnet50").name == "resnet-50");
  CHECK(scaling::find_net("efficientnet_lite0").name == "lite0");
  CHECK(tests::contains(tests::error_of([] { scaling::find_net("resnet-15"); }).what(),
                        "did you mean 'resnet-18'?"));
}
