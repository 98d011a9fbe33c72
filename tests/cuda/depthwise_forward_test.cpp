// The CUDA kernel of the depthwise convolution forward against the loops in double.
#include <limits>

#include "tests/cuda/depthwise_example.h"
#include "tests/cuda/stored_checks.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cuda::Storage;
using kernels::Padding;

namespace {

void check(const DepthwiseShape& shape, Storage storage, const Surroundings& around) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const DepthwiseExample example(shape, storage, around);
  const DepthwiseExample::Forward result = example.forward();
  const double taps = static_cast<double>(shape.kernel) * shape.kernel;
  CHECK(error_beyond(storage, taps * 2e-7, result.y, example.expected_y()) == 0);
  if (around.norm_behind) check_moments(result.y, result.moments, shape.channels);
}

}  // namespace

TEST_CASE("depthwise forward: kernels, strides, paddings, tails of channels, odd and tiny maps") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
          check(same_shape(2, 8, 7, 9, kernel, stride, padding), storage, {});
          check(same_shape(1, 40, 8, 6, kernel, stride, padding), storage, {});
          check(same_shape(3, 24, 1, 1, kernel, stride, padding), storage, {});
          check(same_shape(1, 8, 1, 5, kernel, stride, padding), storage, {});
        }
      }
    }
  }
}

TEST_CASE("depthwise forward: several tiles, segments and pictures side by side") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {3, 5}) {
      for (const int stride : {1, 2}) {
        check(same_shape(1, 8, 21, 75, kernel, stride), storage,
              {});  // tiles of 25 columns, segments of 8 rows
        check(same_shape(11, 64, 7, 7, kernel, stride), storage,
              {});  // pictures side by side, the last ones missing
        check(same_shape(1, 32, 3, 131, kernel, stride), storage, {});  // a wide map of few rows
      }
    }
  }
}

TEST_CASE("depthwise forward: any padding, even more than the kernel reaches") {
  for (const auto& [top, left, height, width] :
       {std::array<Index, 4>{0, 0, 3, 4}, {2, 0, 7, 5}, {3, 4, 9, 11}, {0, 5, 5, 12}}) {
    for (const int stride : {1, 2}) {
      const DepthwiseShape shape{.batch = 2,
                                 .channels = 16,
                                 .height = 6,
                                 .width = 7,
                                 .out_height = height,
                                 .out_width = width,
                                 .kernel = 3,
                                 .stride = stride,
                                 .pad_top = top,
                                 .pad_left = left};
      check(shape, Storage::kFloat, {});
    }
  }
}

TEST_CASE("depthwise forward: every activation, and a finished map as it is") {
  const DepthwiseShape shape = same_shape(2, 24, 9, 10, 3, 1);
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check(shape, Storage::kFloat, {.activation = activation});
  check(shape, Storage::kFloat, {.norm_before = false});
  check(shape, Storage::kBfloat16, {.norm_before = false, .norm_behind = false});
}

TEST_CASE("depthwise forward: moments of a map whose mean is far larger than its deviations") {
  const DepthwiseShape shape = same_shape(4, 8, 16, 16, 3, 1);
  std::vector<double> x = numbers(static_cast<std::size_t>(shape.in_rows() * shape.channels), 20);
  for (double& value : x) value = 3000 + 0.25 * value;
  const DepthwiseExample example(shape, Storage::kFloat, {.norm_before = false}, x);
  const DepthwiseExample::Forward result = example.forward();
  check_moments(result.y, result.moments,
                shape.channels);  // the border's sums lack taps: a deviation of thousands
  // Without a border, mean and deviation are four orders apart.
  DepthwiseShape inner = shape;
  inner.pad_top = inner.pad_left = 0;
  inner.out_height = inner.out_width = 14;
  const DepthwiseExample inside(inner, Storage::kFloat, {.norm_before = false}, x);
  const DepthwiseExample::Forward of_inside = inside.forward();
  check_moments(of_inside.y, of_inside.moments, shape.channels);
}

TEST_CASE("depthwise forward: numbers at the ends of their range") {
  const DepthwiseShape shape = same_shape(1, 8, 5, 5, 3, 1);
  const auto count = static_cast<std::size_t>(shape.in_rows() * shape.channels);
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const double size : {1e-40, 1e-30, 1e30}) {
      std::vector<double> x = numbers(count, 21);
      for (double& value : x) value *= size;
      const DepthwiseExample example(shape, storage, {.norm_before = false, .norm_behind = false}, x);
      CHECK(error_beyond(storage, 2e-6 * size + 1e-39, example.forward().y, example.expected_y()) == 0);
    }
    const std::vector<double> large(count, -1e30);
    for (const double y : DepthwiseExample(shape, storage, {}, large).forward().y)
      CHECK(y == 0);  // SiLU's left end
    std::vector<double> hole(count, 1.0);
    hole[12 * 8] = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> y = DepthwiseExample(shape, storage, {}, hole).forward().y;
    CHECK(std::count_if(y.begin(), y.end(), [](double v) { return std::isnan(v); }) == 9);
  }
}

TEST_CASE("depthwise forward: what there is no kernel for is refused") {
  const auto refused = [](const DepthwiseShape& shape) {
    CHECK_THROWS_AS(cuda::depthwise_forward({.shape = shape}, nullptr), std::invalid_argument);
  };
  refused(same_shape(1, 8, 4, 4, 4, 1));
  refused(same_shape(1, 8, 4, 4, 3, 3));
  refused(same_shape(1, 12, 4, 4, 3, 1));
  refused(same_shape(0, 8, 4, 4, 3, 1));
  refused(same_shape(1, 8, 1 << 14, 1 << 14, 3, 1));
}
