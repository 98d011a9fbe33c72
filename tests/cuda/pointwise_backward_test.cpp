// The CUDA kernels of the 1x1 convolution's way back against the loops in double.
#include "tests/cuda/pointwise_example.h"
#include "tests/cuda/stored_checks.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

// A sum in parts and the sum that it must be, which is made of numbers of `size` in all.
void check_sum(double got, double wanted, double size) {
  CHECK(std::abs(got - wanted) <= 2e-6 * size);
}

void check_gate_sums(const PointwiseExample& example, const PointwiseExample::Backward& result,
                     const PointwiseShape& shape) {
  const std::vector<double> mean = example.mean();
  const bool norm = example.backward_work().mean != nullptr;
  const auto row = static_cast<std::size_t>(shape.in_channels);
  const auto pixels = static_cast<std::size_t>(shape.pixels),
             pictures = static_cast<std::size_t>(shape.batch);
  const std::size_t parts = result.gate_sums.size() / (3 * row * pictures);
  for (std::size_t n = 0; n < pictures; ++n) {
    for (std::size_t c = 0; c < row; ++c) {
      double wanted[3] = {}, got[3] = {}, size = 1e-30;
      for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        const std::size_t i = (n * pixels + pixel) * row + c;
        const double g = result.x_gradient[i], apart = example.x()[i] - (norm ? mean[c] : 0);
        wanted[0] += g * example.value()[i];
        wanted[1] += g * example.slope()[i];
        wanted[2] += g * example.slope()[i] * apart;
        size += std::abs(g) * (2 + std::abs(apart));
      }
      for (std::size_t part = 0; part < parts; ++part) {
        for (std::size_t i = 0; i < 3; ++i)
          got[i] += static_cast<double>(result.gate_sums[((n * parts + part) * 3 + i) * row + c]);
      }
      for (int i = 0; i < 3; ++i) check_sum(got[i], wanted[i], size);
    }
  }
}

void check(const PointwiseShape& shape, Storage storage, const PointwiseSurroundings& around) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const PointwiseExample example(shape, storage, around);
  const PointwiseExample::Backward result = example.backward();
  const PointwiseExample::ExpectedBackward expected = example.expected_backward();
  // As in the test forward; dy is up to some 4.
  const bool half = storage == Storage::kBfloat16;
  const double flipped = half && around.norm_behind ? std::ldexp(1, -5) : 0;
  const double of_x = 1e-6 + 4e-7 * static_cast<double>(shape.out_channels) + flipped;
  CHECK(error_beyond(storage, of_x, result.x_gradient, expected.x_gradient) == 0);
  const double computed =
      half && (around.norm_behind || around.norm_before || around.gate) ? std::ldexp(1, -5) : 0;
  // Sums that grow to about a quarter of the rows, each addition off by up to 2^-24 of that.
  const double of_weights = 1e-5 + 5e-7 * static_cast<double>(shape.rows()) + computed;
  CHECK(error_beyond(Storage::kFloat, of_weights, result.weight_gradient, expected.weight_gradient) == 0);
  if (!result.sums.empty())
    check_sums({result.x_gradient, example.x(), example.mean()}, result.sums, shape.in_channels);
  if (around.gate) check_gate_sums(example, result, shape);
}

constexpr Storage kBoth[] = {Storage::kFloat, Storage::kBfloat16};

}  // namespace

TEST_CASE("pointwise backward: tails of channels, few rows, finished maps as they are") {
  for (const Storage storage : kBoth) {
    for (const Index in : {8, 24, 40, 112}) {
      for (const Index out : {8, 24, 40, 112}) {
        check({1, 1, in, out}, storage, {.norm_before = false, .norm_behind = false});
        check({3, 7, in, out}, storage, {.norm_before = false, .norm_behind = false});
        check({3, 7, in, out}, storage, {});
      }
    }
  }
}

TEST_CASE("pointwise backward: several blocks along rows and channels, splits of y's channels") {
  for (const Storage storage : kBoth) {
    check({1, 1100, 16, 24}, storage, {});
    check({1, 90, 136, 200}, storage, {});
    check({2, 70, 24, 600}, storage, {});  // blocks take turns
    check({1, 33, 8, 320}, storage, {});
  }
}

TEST_CASE("pointwise backward: gates of pictures smaller and larger than a strip, cut and whole") {
  for (const Storage storage : kBoth) {
    for (const Index pixels : {1, 15, 16, 17, 49}) check({5, pixels, 40, 24}, storage, {.gate = true});
    check({2, 49, 72, 16}, storage, {.norm_before = false, .gate = true});
    check({3, 300, 8, 8}, storage, {.gate = true});     // three segments a picture
    check({1100, 4, 8, 8}, storage, {.gate = true});    // two pictures a warp
    check({3, 150, 16, 280}, storage, {.gate = true});  // blocks take turns
  }
}

TEST_CASE("pointwise backward: weights that do not fit are read again and again") {
  for (const Storage storage : kBoth) {
    const PointwiseShape shape{1, 140, 40, 728};
    CHECK(cuda::plan_backward(shape, storage, false).streams);
    check(shape, storage, {});
  }
}

TEST_CASE("pointwise backward: every activation, with and without batch norms, with an addend") {
  const PointwiseShape shape{2, 19, 24, 40};
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish}) {
    check(shape, Storage::kFloat, {.activation = activation});
    check(shape, Storage::kFloat, {.activation = activation, .gate = true});
  }
  for (const Storage storage : kBoth) {
    check(shape, storage, {.norm_before = false, .addend = true});
    check(shape, storage, {.norm_before = false, .norm_behind = false, .addend = true});
    check(shape, storage, {.norm_behind = false, .addend = true});
    check(shape, storage, {.norm_behind = false, .gate = true});
  }
}

TEST_CASE("pointwise backward: numbers at the ends of their range") {
  const PointwiseShape shape{1, 20, 8, 16};
  const std::vector<double> large(static_cast<std::size_t>(shape.rows() * shape.in_channels), -1e30);
  for (const Storage storage : kBoth) {
    const PointwiseExample::Backward result = PointwiseExample(shape, storage, {}, large).backward();
    for (const double d : result.x_gradient) CHECK(d == 0);  // SiLU's left end
    for (const double w : result.weight_gradient) CHECK(w == 0);
    std::vector<double> tiny = numbers(large.size(), 21);
    for (double& value : tiny) value *= 1e-38;
    const PointwiseExample example(shape, storage, {.norm_before = false, .norm_behind = false}, tiny);
    CHECK(error_beyond(Storage::kFloat, 1e-43, example.backward().weight_gradient,
                       example.expected_backward().weight_gradient) == 0);
  }
}

TEST_CASE("pointwise backward: what there is no kernel for is refused") {
  CHECK_THROWS_AS(cuda::pointwise_backward({.shape = {1, 4, 12, 8}}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::pointwise_backward({.shape = {1, 4, 8, 12}}, nullptr), std::invalid_argument);
}
