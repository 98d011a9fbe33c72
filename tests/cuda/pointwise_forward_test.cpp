// The CUDA kernel of the 1x1 convolution forward against the loops in double.
#include <limits>

#include "tests/cuda/pointwise_example.h"
#include "tests/cuda/stored_checks.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

// Operands of bfloat16 that the kernel computes and not just reads may be rounded to the other side: one or two of a sum
// by 2^-8 of some 2.
double of_operands(Storage storage, bool computed) {
  return storage == Storage::kBfloat16 && computed ? std::ldexp(1, -6) : 0;
}

void check(const PointwiseShape& shape, Storage storage, const PointwiseSurroundings& around) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const PointwiseExample example(shape, storage, around);
  const PointwiseExample::Forward result = example.forward();
  const double of_sums = 1e-6 + 2e-7 * static_cast<double>(shape.in_channels);
  const double tolerance = of_sums + of_operands(storage, around.norm_before || around.gate);
  CHECK(error_beyond(storage, tolerance, result.y, example.expected_y()) == 0);
  if (around.norm_behind) check_moments(result.y, result.moments, shape.out_channels);
}

constexpr Storage kBoth[] = {Storage::kFloat, Storage::kBfloat16};

}  // namespace

TEST_CASE("pointwise forward: tails of channels, few rows, a finished map as it is") {
  for (const Storage storage : kBoth) {
    for (const Index in : {8, 24, 40, 112}) {
      for (const Index out : {8, 24, 40, 112}) {
        check({1, 1, in, out}, storage, {.norm_before = false});
        check({3, 7, in, out}, storage, {.norm_before = false});
        check({3, 7, in, out}, storage, {});
      }
    }
  }
}

TEST_CASE("pointwise forward: several blocks along rows and channels, several panels") {
  for (const Storage storage : kBoth) {
    check({2, 1100, 16, 24}, storage, {});
    check({1, 90, 136, 200}, storage, {});
    check({1, 33, 320, 8}, storage, {});
  }
  check({1, 35000, 8, 8}, Storage::kBfloat16, {});  // several strips a warp
}

TEST_CASE("pointwise forward: gates of pictures smaller and larger than a strip") {
  for (const Storage storage : kBoth) {
    for (const Index pixels : {1, 15, 16, 17, 49}) check({5, pixels, 40, 24}, storage, {.gate = true});
    check({2, 49, 72, 16}, storage, {.norm_before = false, .gate = true});
    check({600, 20, 8, 8}, storage, {.gate = true});  // several strips a picture and pictures a warp
    check({2100, 4, 8, 8}, storage, {.gate = true});
  }
}

TEST_CASE("pointwise forward: weights that do not fit are read again and again") {
  for (const Storage storage : kBoth) {
    const Index in = storage == Storage::kFloat ? 1200 : 1640;
    const PointwiseShape shape{1, 40, in, 136};
    CHECK(cuda::plan_forward(shape, storage, false).streams);
    check(shape, storage, {.norm_before = false});
    check({3, 5, in, 104}, storage, {.gate = true});
  }
}

TEST_CASE("pointwise forward: every activation, bias, residual, no moments") {
  const PointwiseShape shape{2, 19, 24, 40};
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check(shape, Storage::kFloat, {.activation = activation});
  for (const Storage storage : kBoth) {
    check(shape, storage, {.norm_before = false, .norm_behind = false, .bias = true, .residual = true});
    check(shape, storage, {.norm_before = false, .bias = true});
    check(shape, storage, {.norm_before = false, .residual = true});
  }
}

TEST_CASE("pointwise forward: moments of a map whose mean is far larger than its deviations") {
  const PointwiseShape shape{4, 256, 16, 8};
  std::vector<double> x = numbers(static_cast<std::size_t>(shape.rows() * shape.in_channels), 20);
  for (double& value : x) value = 3000 + 0.25 * value;
  const PointwiseExample example(shape, Storage::kFloat, {.norm_before = false}, x);
  const PointwiseExample::Forward result = example.forward();
  check_moments(result.y, result.moments, shape.out_channels);
}

TEST_CASE("pointwise forward: numbers at the ends of their range") {
  const PointwiseShape shape{1, 20, 16, 8};
  const auto count = static_cast<std::size_t>(shape.rows() * shape.in_channels);
  for (const Storage storage : kBoth) {
    for (const double size : {1e-40, 1e-30, 1e30}) {
      std::vector<double> x = numbers(count, 21);
      for (double& value : x) value *= size;
      const PointwiseExample example(shape, storage, {.norm_before = false, .norm_behind = false}, x);
      // What is stored below 2^-126 is a multiple of 2^-133.
      CHECK(error_beyond(storage, 4e-6 * size + 1e-40, example.forward().y, example.expected_y()) == 0);
    }
    const std::vector<double> large(count, -1e30);
    for (const double y : PointwiseExample(shape, storage, {}, large).forward().y)
      CHECK(y == 0);  // SiLU's left end
    std::vector<double> hole(count, 1.0);
    hole[12 * 16] = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> y = PointwiseExample(shape, storage, {}, hole).forward().y;
    CHECK(std::count_if(y.begin(), y.end(), [](double v) { return std::isnan(v); }) == 8);
  }
}

TEST_CASE("pointwise forward: what there is no kernel for is refused") {
  const auto refused = [](const PointwiseShape& shape) {
    CHECK_THROWS_AS(cuda::pointwise_forward({.shape = shape}, nullptr), std::invalid_argument);
  };
  refused({1, 4, 12, 8});
  refused({1, 4, 8, 12});
  refused({0, 4, 8, 8});
  refused({1 << 10, 1 << 20, 8, 8});
}
