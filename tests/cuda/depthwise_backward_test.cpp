// The CUDA kernels of the depthwise convolution's way back against the loops in double.
#include "tests/cuda/depthwise_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::Padding;

namespace {

// The sums must be those of the gradient that was stored.
void check_sums(const DepthwiseExample& example, const DepthwiseExample::Backward& result, Index channels) {
  const std::vector<double> mean = example.mean();
  const auto row = static_cast<std::size_t>(channels);
  for (std::size_t c = 0; c < row; ++c) {
    double sum = 0, product = 0, size = 0, got_sum = 0, got_product = 0;
    for (std::size_t i = c; i < result.x_gradient.size(); i += row) {
      const double apart = example.x()[i] - mean[c];
      sum += result.x_gradient[i];
      product += result.x_gradient[i] * apart;
      size += std::abs(result.x_gradient[i]) * (1 + std::abs(apart));
    }
    for (std::size_t part = c; part < result.sums.size(); part += 2 * row) {
      got_sum += static_cast<double>(result.sums[part]);
      got_product += static_cast<double>(result.sums[part + row]);
    }
    CHECK(std::abs(got_sum - sum) <= 1e-6 * size);
    CHECK(std::abs(got_product - product) <= 1e-6 * size);
  }
}

void check(const DepthwiseShape& shape, Storage storage, const Surroundings& around) {
  INFO(name_of(shape) << (storage == Storage::kFloat ? " float" : " bfloat16"));
  const DepthwiseExample example(shape, storage, around);
  const DepthwiseExample::Backward result = example.backward();
  const DepthwiseExample::ExpectedBackward expected = example.expected_backward();
  const double taps = static_cast<double>(shape.kernel) * shape.kernel,
               rows = static_cast<double>(shape.out_rows());
  CHECK(error_beyond(storage, taps * 1e-6, result.x_gradient, expected.x_gradient) == 0);
  // Sums of `rows` products of up to 3; errors of rounding add up like steps of a random walk.
  const std::vector<double> weights(result.weight_gradient.begin(), result.weight_gradient.end());
  CHECK(error_beyond(Storage::kFloat, 1e-5 + 2e-6 * std::sqrt(rows), weights, expected.weight_gradient) == 0);
  if (around.norm_before) check_sums(example, result, shape.channels);
}

}  // namespace

TEST_CASE("depthwise backward: kernels, strides, paddings, tails of channels, odd and tiny maps") {
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

TEST_CASE("depthwise backward: several tiles, segments and pictures side by side") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {3, 5}) {
      for (const int stride : {1, 2}) {
        check(same_shape(1, 8, 21, 75, kernel, stride), storage, {});
        check(same_shape(11, 64, 7, 7, kernel, stride), storage, {});
        check(same_shape(1, 32, 3, 131, kernel, stride), storage, {});
      }
    }
  }
}

TEST_CASE("depthwise backward: pixels that no output saw have no gradient, paddings of any size") {
  for (const auto& [top, left, height, width] :
       {std::array<Index, 4>{0, 0, 2, 2}, {2, 0, 7, 5}, {3, 4, 9, 11}, {0, 5, 5, 12}}) {
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

TEST_CASE("depthwise backward: every activation, with and without batch norms, with an addend") {
  const DepthwiseShape shape = same_shape(2, 24, 9, 10, 3, 1);
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check(shape, Storage::kFloat, {.activation = activation});
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    check(shape, storage, {.norm_before = false, .addend = true});
    check(shape, storage, {.norm_before = false, .norm_behind = false});
    check(shape, storage, {.norm_behind = false, .addend = true});
  }
}

TEST_CASE("depthwise backward: behind squeeze-and-excite, every picture has its own gate") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        check(same_shape(2, 40, 9, 10, kernel, stride), storage, {.gate = true});
        check(same_shape(11, 24, 3, 5, kernel, stride), storage, {.gate = true});  // pictures side by side
      }
    }
  }
  check(same_shape(3, 8, 21, 75, 3, 1), Storage::kFloat, {.gate = true});
  for (const Activation activation :
       {Activation::kIdentity, Activation::kRelu, Activation::kRelu6, Activation::kHardSwish})
    check(same_shape(2, 16, 5, 5, 3, 1), Storage::kFloat,
          {.activation = activation, .norm_before = false, .addend = true, .gate = true});
}

TEST_CASE("depthwise backward: a block with several items takes each item's gates") {
  const DepthwiseShape shape = same_shape(40, 8448, 1, 1, 5, 1);
  const cuda::DepthwisePlan plan = cuda::plan_backward(shape);
  REQUIRE(plan.items_a_part > 1);
  REQUIRE(plan.pictures > 1);
  check(shape, Storage::kFloat, {.gate = true});
}

TEST_CASE("depthwise backward: numbers at the ends of their range") {
  const DepthwiseShape shape = same_shape(1, 8, 5, 5, 3, 1);
  const std::vector<double> large(static_cast<std::size_t>(shape.in_rows() * shape.channels), -1e30);
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    const DepthwiseExample::Backward result = DepthwiseExample(shape, storage, {}, large).backward();
    for (const double d : result.x_gradient) CHECK(d == 0);  // SiLU's left end
    for (const float w : result.weight_gradient) CHECK(w == 0);
  }
}

TEST_CASE("depthwise backward: what there is no kernel for is refused") {
  CHECK_THROWS_AS(cuda::depthwise_backward({.shape = same_shape(1, 8, 4, 4, 4, 1)}, nullptr),
                  std::invalid_argument);
  CHECK_THROWS_AS(cuda::depthwise_backward({.shape = same_shape(1, 12, 4, 4, 3, 1)}, nullptr),
                  std::invalid_argument);
}
