// cuDNN's graphs as cudnn/ builds them, without a device: its heuristics are asked for an H200 that is only described, and
// every convolution of EfficientNet-B0 must have a plan. Whether plans compute what they should is convolution_test.cpp's.
#include "kernels/padding.h"
#include "tests/cuda/b0_layers.h"
#include "tests/cudnn/described_device.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cuda::Storage;
using cudnn::Direction;
using kernels::Padding;

namespace {

constexpr Direction kDirections[] = {Direction::kForward, Direction::kMapGradient,
                                     Direction::kWeightGradient};

void check_has_plans(const cudnn::Convolution& convolution) {
  static const cudnn::Device device = described_h200();
  for (const Direction direction : kDirections) {
    INFO("direction " << static_cast<int>(direction) << ", " << convolution.in_channels << " to "
                      << convolution.out_channels << " channels, " << convolution.height << " rows, k"
                      << convolution.kernel << " s" << convolution.stride);
    const auto plans = cudnn::find_plans(device, convolution, direction);
    REQUIRE(plans.size() == 1);
    CHECK(!plans[0].engine().empty());
  }
}

}  // namespace

TEST_CASE(
    "cuDNN has a plan for every depthwise convolution of B0, of either padding, in float and bfloat16") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
      for (const kernels::DepthwiseShape& layer : b0_depthwise_layers(8, padding))
        check_has_plans(cudnn::convolution_of(layer, storage));
    }
  }
}

TEST_CASE("cuDNN has a plan for the stem and for 1x1 convolutions") {
  const kernels::ConvShape stem{.batch = 8,
                                .in_channels = 3,
                                .out_channels = 32,
                                .height = 224,
                                .width = 224,
                                .out_height = 112,
                                .out_width = 112,
                                .kernel = 3,
                                .stride = 2};
  const kernels::ConvShape project{.batch = 8,
                                   .in_channels = 1152,
                                   .out_channels = 320,
                                   .height = 7,
                                   .width = 7,
                                   .out_height = 7,
                                   .out_width = 7};
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const kernels::ConvShape& shape : {stem, project})
      check_has_plans(cudnn::convolution_of(shape, storage));
  }
}

TEST_CASE("several plans are several engines or configurations, none twice as the first") {
  const auto layer = cudnn::convolution_of(b0_depthwise_layers(8)[0], Storage::kBfloat16);
  CHECK(cudnn::find_plans(described_h200(), layer, Direction::kForward, 5).size() == 5);
}

TEST_CASE("what cuDNN cannot do is said, in its words") {
  const cudnn::Device device = described_h200();
  auto layer = cudnn::convolution_of(b0_depthwise_layers(8)[0], Storage::kFloat);
  CHECK_THROWS_WITH(cudnn::find_plans(device, layer, Direction::kForward).at(0).run({}, nullptr),
                    "cuDNN: the plan is for a device that is only described");
  layer.out_height = 3;  // not what stride and padding make of the map
  try {
    cudnn::find_plans(device, layer, Direction::kForward);
    FAIL("a wrong shape was taken");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("BAD_PARAM") != std::string::npos);
  }
  CHECK_THROWS_AS(cudnn::Device::described("no JSON"), std::runtime_error);
}
