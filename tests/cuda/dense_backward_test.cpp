// The CUDA kernels of the dense convolution's way back, to its input and to its weights, against the loops in double.
#include "tests/cuda/dense_example.h"
#include "tests/cuda/stored_checks.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::Padding;

namespace {

void check_shape(const ConvShape& shape, Storage storage, const DenseSurroundings& around = {}) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const DenseExample example(shape, storage, around);
  const DenseExample::Backward result = example.backward();
  const DenseExample::ExpectedBackward expected = example.expected_backward();
  // As in the test forward; dy is up to some 4.
  const bool half = storage == Storage::kBfloat16;
  const double taps = static_cast<double>(shape.kernel * shape.kernel * shape.out_channels);
  const double of_x = 1e-6 + 4e-7 * taps + (half && around.norm_behind ? std::ldexp(1, -5) : 0);
  CHECK(error_beyond(storage, of_x, result.x_gradient, expected.x_gradient) == 0);
  // Sums that grow to about a quarter of the rows, each addition off by up to 2^-24 of that.
  const double computed = half && (around.norm_behind || around.norm_before) ? std::ldexp(1, -5) : 0;
  const double of_weights = 1e-5 + 5e-7 * static_cast<double>(shape.batch * shape.out_pixels()) + computed;
  CHECK(error_beyond(Storage::kFloat, of_weights, result.weight_gradient, expected.weight_gradient) == 0);
  if (!result.sums.empty())
    check_sums({result.x_gradient, example.x(), example.mean()}, result.sums, shape.in_channels);
}

void check(const DenseSize& size, Storage storage, const DenseSurroundings& around = {}) {
  check_shape(dense_shape(size), storage, around);
}

constexpr Storage kBoth[] = {Storage::kFloat, Storage::kBfloat16};
constexpr DenseSurroundings kAlone{.norm_before = false, .norm_behind = false};

}  // namespace

TEST_CASE("dense backward: kernel sizes, strides, paddings, odd and tiny maps, batch 1") {
  for (const Storage storage : kBoth) {
    for (const int kernel : {1, 3, 5}) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
          check({2, 8, 16, 7, 9, kernel, stride, padding}, storage);
          check({1, 24, 8, 6, 5, kernel, stride, padding}, storage);
          check({3, 8, 8, 1, 1, kernel, stride, padding}, storage);
          check({1, 8, 8, 2, 3, kernel, stride, padding}, storage, kAlone);
        }
      }
    }
  }
}

TEST_CASE("dense backward: tails of channels, several panels and chunks, weights that are read again") {
  for (const Storage storage : kBoth) {
    for (const Index in : {24, 72}) {
      for (const Index out : {40, 136}) check({1, in, out, 4, 3}, storage);
    }
    check({2, 72, 72, 4, 5, 3, 2}, storage, {.norm_before = false});
    for (const int stride : {1, 2}) {
      const ConvShape large = dense_shape({1, 72, 136, 4, 5, 3, stride});
      CHECK(cuda::plan_dense_input_gradient(large, storage).streams);
      check_shape(large, storage);
    }
  }
}

TEST_CASE("dense backward: several blocks along the rows, several strips a warp") {
  for (const Storage storage : kBoth) {
    for (const int stride : {1, 2}) check({3, 8, 8, 19, 21, 3, stride}, storage);
    check({2, 8, 8, 39, 41, 1, 1}, storage, {.norm_before = false});
  }
  check({1, 8, 8, 190, 181, 1, 1}, Storage::kBfloat16, kAlone);
}

TEST_CASE("dense backward: every activation, with and without batch norms") {
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check({2, 16, 8, 4, 3}, Storage::kFloat, {.activation = activation});
  for (const Storage storage : kBoth) {
    check({2, 16, 8, 4, 3}, storage, kAlone);
    check({2, 16, 8, 4, 3}, storage, {.norm_before = false});
    check({2, 16, 8, 4, 3}, storage, {.norm_behind = false});
  }
}

TEST_CASE("dense backward: any padding, pixels that no window reaches") {
  ConvShape shape = dense_shape({2, 8, 16, 5, 6});
  shape.pad_top = 0;
  shape.pad_left = 2;
  shape.out_height = 3;
  shape.out_width = 7;
  for (const Storage storage : kBoth) check_shape(shape, storage);
  shape = dense_shape({2, 8, 16, 9, 8, 3, 2});
  shape.out_height = 2;
  shape.out_width = 3;
  for (const Storage storage : kBoth) check_shape(shape, storage);
}

TEST_CASE("dense backward: numbers at the ends of their range") {
  const ConvShape shape = dense_shape({1, 8, 16, 5, 4, 3, 2});
  const std::vector<double> large(static_cast<std::size_t>(shape.in_pixels() * shape.in_channels), -1e30);
  for (const Storage storage : kBoth) {
    const DenseExample::Backward result = DenseExample(shape, storage, {}, large).backward();
    for (const double d : result.x_gradient) CHECK(d == 0);  // SiLU's left end
    for (const double w : result.weight_gradient) CHECK(w == 0);
    std::vector<double> tiny = numbers(large.size(), 21);
    for (double& value : tiny) value *= 1e-38;
    const DenseExample example(shape, storage, kAlone, tiny);
    CHECK(error_beyond(Storage::kFloat, 1e-43, example.backward().weight_gradient,
                       example.expected_backward().weight_gradient) == 0);
  }
}

TEST_CASE("dense backward: what there is no kernel for is refused") {
  const ConvShape shape = dense_shape({1, 12, 8, 4, 4});
  CHECK_THROWS_AS(cuda::dense_input_gradient({.shape = shape}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::dense_weight_gradient({.shape = shape}, nullptr), std::invalid_argument);
}
