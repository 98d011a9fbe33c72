// The CUDA kernel of an inverted bottleneck's first half at inference against the loops in double.
#include <limits>

#include "tests/cuda/example_values.h"
#include "tests/cuda/expand_depthwise_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::Padding;

namespace {

void check(const DepthwiseShape& shape, Storage storage, const Expansion& expansion) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16") << ", from "
                      << expansion.in_channels);
  const ExpandDepthwiseExample example(shape, storage, expansion);
  const auto result = example.result(), expected = example.expected();
  // A number of the expanded map that is computed may be rounded to the other side: one or two of a window by 2^-8 of some
  // 4, times taps and scale of up to 0.5.
  const bool flips = storage == Storage::kBfloat16 && expansion.norm_before;
  const double tolerance = 2e-5 + (flips ? std::ldexp(1, -6) : 0);
  CHECK(error_beyond(storage, tolerance, result.y, expected.y) == 0);
  if (!expansion.sums) return;
  const double pixels = static_cast<double>(shape.out_height * shape.out_width);
  for (std::size_t i = 0; i < expected.sums.size(); ++i)
    CHECK(std::abs(result.sums[i] - expected.sums[i]) <= tolerance * pixels);
}

constexpr Storage kBoth[] = {Storage::kFloat, Storage::kBfloat16};

}  // namespace

TEST_CASE("expand depthwise: kernel sizes, strides, paddings, odd and tiny maps, batch 1") {
  for (const Storage storage : kBoth) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
          check(same_shape(2, 16, 7, 9, kernel, stride, padding), storage, {.in_channels = 8});
          check(same_shape(1, 8, 6, 5, kernel, stride, padding), storage, {.in_channels = 24});
          check(same_shape(3, 8, 1, 1, kernel, stride, padding), storage, {.in_channels = 8});
          check(same_shape(2, 24, 5, 8, kernel, stride, padding), storage, {});
          check(same_shape(1, 8, 3, 2, kernel, stride, padding), storage, {.norm_before = false});
        }
      }
    }
  }
}

TEST_CASE("expand depthwise: tails of channels, several chunks a block and several blocks") {
  for (const Storage storage : kBoth) {
    for (const Index in : {8, 40, 72}) {
      for (const Index channels : {32, 40, 104})
        check(same_shape(1, channels, 5, 4, 3, 1), storage, {.in_channels = in});
    }
    check(same_shape(1, 104, 5, 4, 5, 2), storage, {});
    // So many pictures that a block walks through several chunks.
    const DepthwiseShape many = same_shape(4230, 72, 2, 2, 3, 1);
    CHECK(cuda::plan_expand_depthwise(many, 8, storage).chunks_a_block > 1);
    check(many, storage, {.in_channels = 8});
  }
}

TEST_CASE(
    "expand depthwise: several tiles across and down, pictures side by side, a group that is not full") {
  for (const Storage storage : kBoth) {
    const DepthwiseShape wide = same_shape(1, 8, 61, 67, 3, 2), deep = same_shape(1, 8, 40, 41, 5, 1);
    for (const DepthwiseShape& shape : {wide, deep}) {
      CHECK(cuda::plan_expand_depthwise(shape, 16, storage).tiles() > 1);
      check(shape, storage, {.in_channels = 16});
      check(shape, storage, {});
    }
    const DepthwiseShape small = same_shape(2003, 8, 3, 3, 3, 1);
    CHECK(cuda::plan_expand_depthwise(small, 8, storage).pictures > 1);
    check(small, storage, {.in_channels = 8});
  }
}

TEST_CASE("expand depthwise: every activation on either side, no sums") {
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish}) {
    check(same_shape(2, 16, 4, 3, 3, 1), Storage::kFloat, {.in_channels = 8, .activation = activation});
    check(same_shape(2, 16, 4, 3, 3, 1), Storage::kFloat,
          {.activation = activation, .out_activation = Activation::kIdentity});
    check(same_shape(2, 16, 4, 3, 3, 1), Storage::kFloat, {.in_channels = 8, .out_activation = activation});
  }
  for (const Storage storage : kBoth)
    check(same_shape(2, 16, 4, 3, 3, 1), storage, {.in_channels = 8, .sums = false});
}

TEST_CASE("expand depthwise: any padding, on one side alone, and more than the kernel reaches") {
  DepthwiseShape shape = same_shape(2, 8, 5, 6, 3, 1);
  shape.pad_top = 0;
  shape.pad_left = 2;
  shape.out_height = 3;
  shape.out_width = 7;
  DepthwiseShape far = shape;
  far.pad_top = 4;
  far.out_height = 9;
  for (const Storage storage : kBoth) {
    for (const Index in : {0, 16}) {
      check(shape, storage, {.in_channels = in});
      check(far, storage, {.in_channels = in});
    }
  }
}

TEST_CASE("expand depthwise: numbers at the ends of their range") {
  const DepthwiseShape shape = same_shape(1, 8, 5, 4, 3, 1);
  const Expansion linear{
      .in_channels = 16, .activation = Activation::kIdentity, .out_activation = Activation::kIdentity};
  const std::size_t count = ExpandDepthwiseExample::values_of_x(shape, linear);
  for (const Storage storage : kBoth) {
    for (const double size : {1e-40, 1e-30, 1e30}) {
      std::vector<double> x = numbers(count, 21);
      for (double& value : x) value *= size;
      const ExpandDepthwiseExample example(shape, storage, linear, x);
      CHECK(error_beyond(storage, 0.05 * size + 2e-5 + 0.02 * (storage == Storage::kBfloat16),
                         example.result().y, example.expected().y) == 0);
    }
    // A NaN reaches the windows that it lies in: 9, or 4 in a corner, of 8 channels each.
    for (const auto& [pixel, windows] : {std::pair(5, 9), std::pair(0, 4)}) {
      std::vector<double> hole(count, 1.0);
      hole[static_cast<std::size_t>(pixel) * 16 + 3] = std::numeric_limits<double>::quiet_NaN();
      const std::vector<double> y = ExpandDepthwiseExample(shape, storage, linear, hole).result().y;
      CHECK(std::count_if(y.begin(), y.end(), [](double v) { return std::isnan(v); }) == 8 * windows);
    }
  }
}

TEST_CASE("expand depthwise: what there is no kernel for is refused, and where an expansion has no tile") {
  const auto refused = [](const DepthwiseShape& shape, Index in_channels) {
    CHECK_THROWS_AS(cuda::expand_depthwise({.shape = shape, .in_channels = in_channels}, nullptr),
                    std::invalid_argument);
  };
  refused(same_shape(1, 12, 4, 4, 3, 1), 8);
  refused(same_shape(1, 8, 4, 4, 3, 1), 12);
  refused(same_shape(1, 8, 4, 4, 4, 1), 8);
  refused(same_shape(0, 8, 4, 4, 3, 1), 8);
  const DepthwiseShape of_b7 = same_shape(1, 3840, 19, 19, 3, 1);
  CHECK_FALSE(cuda::expands_in_place(of_b7, 640, Storage::kBfloat16));
  refused(of_b7, 640);
  CHECK(cuda::expands_in_place(of_b7, 0, Storage::kBfloat16));
}
