// The CUDA kernel of the dense convolution forward against the loops in double.
#include <limits>

#include "tests/cuda/dense_example.h"
#include "tests/cuda/stored_checks.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::Padding;

namespace {

void check(const DenseSize& size, Storage storage, const DenseSurroundings& around = {}) {
  const ConvShape shape = dense_shape(size);
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const DenseExample example(shape, storage, around);
  const DenseExample::Forward result = example.forward();
  // Operands that the kernel computes and not just reads may be rounded to the other side: one or two of a sum by 2^-8 of
  // some 2.
  const bool flips = storage == Storage::kBfloat16 && around.norm_before;
  const double tolerance = 1e-6 + 2e-7 * static_cast<double>(shape.patch()) + (flips ? std::ldexp(1, -6) : 0);
  CHECK(error_beyond(storage, tolerance, result.y, example.expected_y()) == 0);
  if (around.norm_behind) check_moments(result.y, result.moments, shape.out_channels);
}

constexpr Storage kBoth[] = {Storage::kFloat, Storage::kBfloat16};

}  // namespace

TEST_CASE("dense forward: kernel sizes, strides, paddings, odd and tiny maps, batch 1") {
  for (const Storage storage : kBoth) {
    for (const int kernel : {1, 3, 5}) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
          check({2, 8, 16, 7, 9, kernel, stride, padding}, storage);
          check({1, 24, 8, 6, 5, kernel, stride, padding}, storage);
          check({3, 8, 8, 1, 1, kernel, stride, padding}, storage);
          check({1, 8, 8, 2, 3, kernel, stride, padding}, storage, {.norm_before = false});
        }
      }
    }
  }
}

TEST_CASE("dense forward: tails of channels, several panels and chunks, weights that are read again") {
  for (const Storage storage : kBoth) {
    for (const Index in : {8, 40, 72}) {
      for (const Index out : {8, 24, 136}) check({1, in, out, 5, 4}, storage);
    }
    check({2, 72, 72, 4, 5, 3, 2}, storage, {.norm_before = false});
    const DenseSize large{1, 136, 72, 6, 6, 3};
    CHECK(cuda::plan_dense_forward(dense_shape(large), storage).streams);
    check(large, storage);
    CHECK(cuda::plan_dense_forward(dense_shape({1, 104, 136, 4, 4, 5, 2}), storage).streams);
    check({1, 104, 136, 4, 4, 5, 2}, storage);
  }
}

TEST_CASE("dense forward: several blocks along the rows, several strips a warp") {
  for (const Storage storage : kBoth) check({3, 8, 8, 19, 21}, storage);
  check({1, 8, 8, 380, 361, 1, 2}, Storage::kBfloat16, {.norm_before = false});
}

TEST_CASE("dense forward: every activation, no moments") {
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check({2, 16, 8, 4, 3}, Storage::kFloat, {.activation = activation});
  for (const Storage storage : kBoth)
    check({2, 16, 8, 4, 3}, storage, {.norm_before = false, .norm_behind = false});
}

TEST_CASE("dense forward: any padding, on one side alone") {
  ConvShape shape = dense_shape({2, 8, 16, 5, 6});
  shape.pad_top = 0;
  shape.pad_left = 2;
  shape.out_height = 3;
  shape.out_width = 7;
  for (const Storage storage : kBoth) {
    const DenseExample example(shape, storage, {.norm_before = false});
    CHECK(error_beyond(storage, 2e-5, example.forward().y, example.expected_y()) == 0);
  }
}

TEST_CASE("dense forward: moments of a map whose mean is far larger than its deviations") {
  const ConvShape shape = dense_shape({2, 8, 8, 12, 13, 1, 2});
  std::vector<double> x = numbers(static_cast<std::size_t>(shape.batch * shape.in_pixels() * 8), 20);
  for (double& value : x) value = 3000 + 0.25 * value;
  const DenseExample::Forward result =
      DenseExample(shape, Storage::kFloat, {.norm_before = false}, x).forward();
  check_moments(result.y, result.moments, 8);
}

TEST_CASE("dense forward: numbers at the ends of their range") {
  const ConvShape shape = dense_shape({1, 16, 8, 5, 4});
  const auto count = static_cast<std::size_t>(shape.in_pixels() * shape.in_channels);
  for (const Storage storage : kBoth) {
    for (const double size : {1e-40, 1e-30, 1e30}) {
      std::vector<double> x = numbers(count, 21);
      for (double& value : x) value *= size;
      const DenseExample example(shape, storage, {.norm_before = false, .norm_behind = false}, x);
      CHECK(error_beyond(storage, 2e-5 * size + 1e-40, example.forward().y, example.expected_y()) == 0);
    }
    const std::vector<double> large(count, -1e30);
    for (const double y : DenseExample(shape, storage, {}, large).forward().y)
      CHECK(y == 0);  // SiLU's left end
    // A NaN reaches the windows that it lies in: 9, or 4 in a corner, of 8 channels each.
    for (const auto& [pixel, windows] : {std::pair(5, 9), std::pair(0, 4)}) {
      std::vector<double> hole(count, 1.0);
      hole[static_cast<std::size_t>(pixel) * 16 + 3] = std::numeric_limits<double>::quiet_NaN();
      const std::vector<double> y = DenseExample(shape, storage, {}, hole).forward().y;
      CHECK(std::count_if(y.begin(), y.end(), [](double v) { return std::isnan(v); }) == 8 * windows);
    }
  }
}

TEST_CASE("dense forward: what there is no kernel for is refused") {
  const auto refused = [](const ConvShape& shape) {
    CHECK_THROWS_AS(cuda::dense_forward({.shape = shape}, nullptr), std::invalid_argument);
  };
  refused(dense_shape({1, 12, 8, 4, 4}));
  refused(dense_shape({1, 8, 12, 4, 4}));
  refused(dense_shape({1, 8, 8, 4, 4, 7}));
  refused(dense_shape({1, 8, 8, 4, 4, 3, 3}));
  refused(dense_shape({0, 8, 8, 4, 4}));
  refused(dense_shape({1 << 10, 8, 8, 1 << 10, 1 << 10}));
}
