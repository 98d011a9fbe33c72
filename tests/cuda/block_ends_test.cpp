// The CUDA kernels of a block's output and of the pooling head against loops in double.
#include <limits>

#include "tests/cuda/block_ends_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

constexpr Activation kActivations[] = {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                       Activation::kSilu, Activation::kHardSwish};

void check_sums(const BlockEndsExample& example, const std::vector<double>& d,
                const std::vector<double>& sums) {
  const BlockEndsExample::Sums wanted = example.sums_of(d);
  for (std::size_t i = 0; i < sums.size(); ++i)
    CHECK(std::abs(sums[i] - wanted.sums[i]) <= 2e-6 * wanted.sizes[i] + 1e-37);
}

void check_output(const BlockEndsExample& example, Storage storage, double rounding = 2e-6) {
  CHECK(error_beyond(storage, 2 * rounding, example.output().map, example.expected_output()) == 0);
  const BlockEndsExample::Map back = example.output_gradient();
  CHECK(error_beyond(storage, rounding, back.map, example.expected_output_gradient()) == 0);
  check_sums(example, back.map, back.sums);
}

void check_head(const BlockEndsExample& example, Storage storage, double rounding = 2e-6) {
  CHECK(error_beyond(Storage::kFloat, 2 * rounding, example.pooled().map, example.expected_pooled()) == 0);
  const BlockEndsExample::Map back = example.pooled_gradient();
  CHECK(error_beyond(storage, rounding, back.map, example.expected_pooled_gradient()) == 0);
  check_sums(example, back.map, back.sums);
}

}  // namespace

TEST_CASE("block output and head: odd and tiny maps, tails of channels, one picture, several segments") {
  for (const RowShape& shape :
       {RowShape{3, 35, 8}, RowShape{2, 1, 24}, RowShape{1, 49, 40}, RowShape{5, 9, 16}, RowShape{2, 6, 272},
        RowShape{1, 4001, 8}, RowShape{7, 4, 1288}}) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      INFO(shape.batch << "x" << shape.pixels << "x" << shape.channels);
      check_output(BlockEndsExample(shape, storage, {}), storage);
      check_head(BlockEndsExample(shape, storage, {.activation = Activation::kSilu}), storage);
    }
  }
}

TEST_CASE("block output and head: every activation, with and without drop-path and residual") {
  const RowShape shape{.batch = 4, .pixels = 30, .channels = 24};
  for (const Activation activation : kActivations) {
    for (const bool keep : {false, true}) {
      for (const bool residual : {false, true}) {
        const OutputSurroundings around{.activation = activation, .keep = keep, .residual = residual};
        check_output(BlockEndsExample(shape, Storage::kFloat, around), Storage::kFloat);
      }
    }
    check_head(BlockEndsExample(shape, Storage::kFloat, {.activation = activation}), Storage::kFloat);
  }
}

TEST_CASE("block output: a residual behind a batch norm of its own") {
  for (const RowShape& shape : {RowShape{4, 30, 24}, RowShape{2, 6, 272}, RowShape{1, 4001, 8}}) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      for (const bool keep : {false, true})
        check_output(BlockEndsExample(shape, storage, {.keep = keep, .raw_residual = true}), storage);
    }
  }
}

TEST_CASE("block output: the sums alone are those of the gradient that would have been stored") {
  const RowShape shape{.batch = 3, .pixels = 20, .channels = 40};
  const BlockEndsExample whole(shape, Storage::kBfloat16, {.activation = Activation::kSilu});
  const BlockEndsExample alone(shape, Storage::kBfloat16,
                               {.activation = Activation::kSilu, .gradient_wanted = false});
  CHECK(alone.output_gradient().sums == whole.output_gradient().sums);
}

TEST_CASE("block output and head: means far larger than deviations do not cancel") {
  const RowShape shape{.batch = 3, .pixels = 64, .channels = 8};
  std::vector<double> y = numbers(static_cast<std::size_t>(shape.rows() * shape.channels), 20);
  for (double& value : y) value = 3000 + 0.25 * value;
  const BlockEndsExample example(shape, Storage::kFloat, {}, y);
  check_output(example, Storage::kFloat, 2e-3);  // values of thousands
  check_head(example, Storage::kFloat, 2e-3);
}

TEST_CASE("block output and head: numbers at the ends of their range") {
  const RowShape shape{.batch = 1, .pixels = 5, .channels = 8};
  const std::size_t count = 40;
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const double size : {1e-40, 1e-30}) {
      std::vector<double> y = numbers(count, 21);
      for (double& value : y) value *= size;
      check_output(BlockEndsExample(shape, storage, {}, y), storage);
    }
    const BlockEndsExample left(shape, storage,
                                {.activation = Activation::kSilu, .keep = false, .residual = false},
                                std::vector<double>(count, -1e30));
    for (const double value : left.output().map) CHECK(value == 0);
    for (const double value : left.output_gradient().map) CHECK(value == 0);
    for (const double value : left.pooled().map) CHECK(value == 0);
    std::vector<double> hole(count, 1.0);
    hole[12] = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> out =
        BlockEndsExample(shape, storage, {.activation = Activation::kRelu6}, hole).output().map;
    for (std::size_t i = 0; i < count; ++i) CHECK(std::isnan(out[i]) == (i == 12));
  }
}

TEST_CASE("block output and head: what there is no kernel for is refused") {
  const RowShape shape{.batch = 1, .pixels = 4, .channels = 12};
  CHECK_THROWS_AS(cuda::block_output_forward({.shape = shape}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::block_output_backward({.shape = shape}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::head_pool_forward({.shape = shape}, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(cuda::head_pool_backward({.shape = shape}, nullptr), std::invalid_argument);
}
