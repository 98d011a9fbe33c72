// The CUDA kernels of squeeze-and-excite against the loops in double.
#include "tests/cuda/squeeze_excite_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

void check_near(const char* what, double tolerance, const std::vector<double>& got,
                const std::vector<double>& wanted) {
  INFO(what);
  CHECK(error_beyond(Storage::kFloat, tolerance, got, wanted) == 0);
}

// Values and terms are of size 1, so sums of n terms are off by a few units times their length at most.
void check(const SqueezeExciteExample& example, const RowShape& shape, Index squeezed_channels) {
  const SqueezeExciteExample::Result got = example.result(), wanted = example.expected();
  const double pixels = static_cast<double>(shape.pixels), rows = static_cast<double>(shape.rows());
  const double layers = 2e-6 * std::sqrt(static_cast<double>(shape.channels + squeezed_channels)) + 2e-6;
  check_near("sums of the pool", 1e-6 * (1 + pixels), got.pool_sums, wanted.pool_sums);
  check_near("pooled", 2e-6, got.pooled, wanted.pooled);
  check_near("squeezed", layers, got.squeezed, wanted.squeezed);
  check_near("gate", layers, got.gate, wanted.gate);
  check_near("gradient of the mean", 4 * layers, got.mean_gradient, wanted.mean_gradient);
  check_near("Wr", layers * (4 + std::sqrt(rows)), got.reduce, wanted.reduce);
  check_near("br", layers * (4 + std::sqrt(rows)), got.reduce_bias, wanted.reduce_bias);
  check_near("We", layers * (4 + std::sqrt(rows)), got.expand, wanted.expand);
  check_near("be", layers * (4 + std::sqrt(rows)), got.expand_bias, wanted.expand_bias);
  check_near("sums for the batch norm", layers * (4 + 2 * rows), got.norm_sums, wanted.norm_sums);
}

void check(const RowShape& shape, Index squeezed_channels, Storage storage, Activation activation) {
  INFO(shape.batch << "x" << shape.pixels << "x" << shape.channels << " squeezed to " << squeezed_channels
                   << (storage == Storage::kFloat ? " float" : " bfloat16"));
  check(SqueezeExciteExample(shape, squeezed_channels, storage, activation), shape, squeezed_channels);
}

}  // namespace

TEST_CASE("squeeze-and-excite: odd and tiny maps, tails of channels, one picture, many parts") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    check({.batch = 3, .pixels = 35, .channels = 8}, 1, storage, Activation::kSilu);
    check({.batch = 2, .pixels = 1, .channels = 24}, 6, storage, Activation::kSilu);
    check({.batch = 1, .pixels = 49, .channels = 40}, 10, storage, Activation::kSilu);
    check({.batch = 2, .pixels = 9, .channels = 272}, 33, storage, Activation::kSilu);  // rows in two chunks
    check({.batch = 1, .pixels = 3001, .channels = 16}, 4, storage,
          Activation::kSilu);  // six segments and more
    check({.batch = 2, .pixels = 4, .channels = 1160}, 48, storage, Activation::kSilu);
  }
}

TEST_CASE("squeeze-and-excite: every activation") {
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish})
    check({.batch = 2, .pixels = 30, .channels = 24}, 5, Storage::kFloat, activation);
}

TEST_CASE("squeeze-and-excite: means far larger than deviations do not cancel, denormals pass") {
  const RowShape shape{.batch = 2, .pixels = 64, .channels = 8};
  std::vector<double> y = numbers(static_cast<std::size_t>(shape.rows() * shape.channels), 1);
  for (double& value : y) value = std::round(value * 256) / 256 + 2048;  // exact in a float
  // z = y * scale + offset is itself off by 2048 * 2^-24, so nothing here can be closer than that for a sum's term.
  const SqueezeExciteExample large(shape, 2, Storage::kFloat, Activation::kSilu, y);
  const auto got = large.result(), wanted = large.expected();
  const double rounding = 2048 * std::ldexp(4.0, -24) * static_cast<double>(shape.pixels);
  check_near("sums of the pool", rounding, got.pool_sums, wanted.pool_sums);
  check_near("sums for the batch norm", 4 * rounding, got.norm_sums, wanted.norm_sums);

  for (double& value : y) value = (value - 2048) * 1e-40;
  check(SqueezeExciteExample(shape, 2, Storage::kBfloat16, Activation::kSilu, y), shape, 2);
}

TEST_CASE("squeeze-and-excite: without moments the same means") {
  const RowShape shape{.batch = 2, .pixels = 50, .channels = 24};
  const SqueezeExciteExample example(shape, 6, Storage::kBfloat16, Activation::kSilu);
  const std::vector<float> all = example.pool(true), means = example.pool(false);
  REQUIRE(all.size() == 3 * means.size());
  for (std::size_t i = 0; i < means.size(); ++i) CHECK(means[i] == all[i / 24 * 72 + i % 24]);
}

TEST_CASE("squeeze-and-excite: what there is no kernel for is refused") {
  const auto refused = [](const RowShape& shape) {
    CHECK_THROWS_AS(cuda::se_pool({.shape = shape}, nullptr), std::invalid_argument);
  };
  refused({.batch = 1, .pixels = 4, .channels = 12});
  refused({.batch = 0, .pixels = 4, .channels = 8});
  refused({.batch = 1, .pixels = 1 << 28, .channels = 8});
  CHECK_THROWS_AS(cuda::se_layers_forward({.shape = {.batch = 1, .pixels = 1, .channels = 8}}, nullptr),
                  std::invalid_argument);
}
