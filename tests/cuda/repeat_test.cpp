// The CUDA kernels give the same bits again, whatever the order of threads and blocks.
#include "tests/cuda/dense_example.h"
#include "tests/cuda/expand_depthwise_example.h"
#include "tests/cuda/pointwise_example.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

using namespace effnet;
using namespace effnet::tests;

TEST_CASE("depthwise kernels: the same bits in any order of threads and blocks, and again") {
  const DepthwiseShape shapes[] = {same_shape(5, 40, 9, 7, 3, 1), same_shape(2, 32, 20, 37, 3, 2),
                                   same_shape(3, 24, 14, 14, 5, 1), same_shape(2, 8, 15, 13, 5, 2)};
  for (const DepthwiseShape& shape : shapes) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      INFO(name_of(shape));
      const DepthwiseExample example(shape, storage, {});
      const std::vector<std::byte> forward = example.forward().bytes, backward = example.backward().bytes;
      for (const std::uint64_t seed : {0, 1, 2, 3}) {
        emulator::set_order(seed);
        CHECK(example.forward().bytes == forward);
        CHECK(example.backward().bytes == backward);
      }
      emulator::set_order(0);
    }
  }
}

TEST_CASE("pointwise kernels: the same bits in any order of threads and blocks, and again") {
  const auto check = [](const PointwiseShape& shape, const PointwiseSurroundings& around) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      INFO(name_of(shape));
      const PointwiseExample example(shape, storage, around);
      const std::vector<std::byte> forward = example.forward().bytes, backward = example.backward().bytes;
      for (const std::uint64_t seed : {0, 1, 2}) {
        emulator::set_order(seed);
        CHECK((example.forward().bytes == forward));
        CHECK((example.backward().bytes == backward));
      }
      emulator::set_order(0);
    }
  };
  check({2, 170, 40, 72}, {});
  check({1, 300, 16, 24}, {});
  check({3, 49, 40, 72}, {.gate = true});
  check({2, 150, 8, 264}, {.gate = true});         // blocks take turns
  check({1, 20, 8, 728}, {.norm_before = false});  // weights that do not fit going back
}

TEST_CASE("dense kernels: the same bits in any order of threads and blocks, and again") {
  const auto check = [](const DenseSize& size) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      const ConvShape shape = dense_shape(size);
      INFO(name_of(shape));
      const DenseExample example(shape, storage, {});
      const std::vector<std::byte> forward = example.forward().bytes, backward = example.backward().bytes;
      for (const std::uint64_t seed : {0, 1, 2}) {
        emulator::set_order(seed);
        CHECK((example.forward().bytes == forward));
        CHECK((example.backward().bytes == backward));
      }
      emulator::set_order(0);
    }
  };
  check({3, 24, 16, 9, 8});
  check({2, 8, 24, 13, 12, 5, 2});
  check({1, 72, 136, 4, 5, 3, 2});  // weights that do not fit
}

TEST_CASE("expand depthwise: the same bits in any order of threads and blocks, and again") {
  const auto check = [](const DepthwiseShape& shape, Index in_channels) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      INFO(name_of(shape) << ", from " << in_channels);
      const ExpandDepthwiseExample example(shape, storage, {.in_channels = in_channels});
      const std::vector<std::byte> result = example.result().bytes;
      for (const std::uint64_t seed : {0, 1, 2, 3}) {
        emulator::set_order(seed);
        CHECK((example.result().bytes == result));
      }
      emulator::set_order(0);
    }
  };
  check(same_shape(2, 40, 9, 7, 3, 1), 24);
  check(same_shape(1, 72, 20, 37, 5, 2), 16);
  check(same_shape(1100, 72, 2, 2, 3, 1), 8);  // several chunks a block
  check(same_shape(2, 40, 14, 15, 7, 1), 0);
}
