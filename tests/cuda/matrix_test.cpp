// What cuda/device/matrix.h promises. On the emulator this tests the host's form, on a device the instruction.
#include <cstring>
#include <numeric>

#include "tests/cuda/depthwise_example.h"
#include "tests/cuda/matrix_kernels.h"
#include "tests/support/catch.h"

using namespace effnet::tests;

TEST_CASE("matrix: which numbers of four 8 x 8 matrices a lane gets, as they lie and transposed") {
  std::vector<std::uint16_t> matrices(4 * 64);
  std::iota(matrices.begin(), matrices.end(), std::uint16_t{1000});
  const DeviceBuffer<std::uint16_t> in(matrices);
  const DeviceBuffer<std::uint32_t> plain(128), transposed(128);
  registers_of(in.data(), plain.data(), transposed.data());
  const std::vector<std::uint32_t> lying = plain.values(), turned = transposed.values();
  for (std::size_t lane = 0; lane < 32; ++lane) {
    for (std::size_t matrix = 0; matrix < 4; ++matrix) {
      for (std::size_t i = 0; i < 2; ++i) {
        const std::size_t along = lane % 4 * 2 + i, across = lane / 4, half = 16 * i;
        CHECK((lying[4 * lane + matrix] >> half & 0xFFFF) == matrices[64 * matrix + 8 * across + along]);
        CHECK((turned[4 * lane + matrix] >> half & 0xFFFF) == matrices[64 * matrix + 8 * along + across]);
      }
    }
  }
}

TEST_CASE("matrix: the product of 16 x 16 by 16 x 8, added to what is there; denormals count") {
  for (const double size : {1.0, 1e-39}) {
    std::vector<double> a_values = numbers(256, 1), b_values = numbers(128, 2);
    for (double& value : a_values) value *= size;
    const StoredMap a(Storage::kBfloat16, a_values), b(Storage::kBfloat16, b_values);
    const std::vector<double> left = a.values(), right = b.values();
    const std::vector<double> before = numbers(128, 3);
    std::vector<float> start(128);
    for (std::size_t i = 0; i < 128; ++i) start[i] = static_cast<float>(size * before[i]);
    const DeviceBuffer<float> sum(start);
    add_product(static_cast<const std::uint16_t*>(a.data()), static_cast<const std::uint16_t*>(b.data()),
                sum.data());
    const std::vector<float> got = sum.values();
    for (std::size_t row = 0; row < 16; ++row) {
      for (std::size_t column = 0; column < 8; ++column) {
        double wanted = static_cast<double>(start[8 * row + column]);
        for (std::size_t k = 0; k < 16; ++k) wanted += left[16 * row + k] * right[8 * k + column];
        CHECK(std::abs(static_cast<double>(got[8 * row + column]) - wanted) <= 4e-6 * size + 2e-44);
      }
    }
  }
}
