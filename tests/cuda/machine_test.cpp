// What cuda/device/machine.h promises. On the emulator this tests the host's form, on a device the instruction.
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "tests/cuda/machine_kernels.h"
#include "tests/cuda/stored_map.h"
#include "tests/support/catch.h"

using namespace effnet::tests;

TEST_CASE("machine: floats become the nearest bfloat16, alone and in pairs") {
  std::vector<float> x{0.0f, -0.0f, 1.0f, -1.0f, 3.3895314e38f, 3.4e38f, 1e-40f, -4.6e-41f};
  for (const int exponent : {-140, -133, -126, -20, 0, 1, 90, 127}) {
    for (const double mantissa : {1.0, 1.00390625, 1.01171875, 1.0039, 1.004, 1.5, 1.99609375, 1.998})
      x.push_back(static_cast<float>(std::ldexp(mantissa, exponent)));
  }
  x.push_back(std::numeric_limits<float>::infinity());
  x.push_back(std::numeric_limits<float>::quiet_NaN());
  const auto pairs = static_cast<int>(x.size() / 2);
  const DeviceBuffer<float> in(x);
  const DeviceBuffer<std::uint16_t> bits(x.size());
  const DeviceBuffer<std::uint32_t> both(x.size() / 2);
  bfloat16_of(in.data(), bits.data(), both.data(), pairs);
  const std::vector<std::uint16_t> alone = bits.values();
  const std::vector<std::uint32_t> paired = both.values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    const std::uint32_t word = static_cast<std::uint32_t>(alone[i]) << 16;
    float got;
    std::memcpy(&got, &word, 4);
    const double wanted = nearest_bfloat16(static_cast<double>(x[i]));
    if (std::isnan(wanted)) {
      CHECK(std::isnan(got));
    } else {
      CHECK(got == static_cast<float>(wanted));
    }
    CHECK((paired[i / 2] >> (i % 2 * 16) & 0xFFFF) == alone[i]);
  }
}

TEST_CASE("machine: the fast exponential and quotient, within what the toolkit says of them") {
  std::vector<float> x;
  for (int i = -80; i <= 80; ++i) x.push_back(static_cast<float>(i) + 0.37f);
  const float inf = std::numeric_limits<float>::infinity();
  x.insert(x.end(), {-200.0f, 200.0f, inf});
  const DeviceBuffer<float> in(x), exponentials(x.size()), quotients(x.size());
  functions_of(in.data(), exponentials.data(), quotients.data(), static_cast<int>(x.size()));
  const std::vector<float> exps = exponentials.values(), parts = quotients.values();
  for (std::size_t i = 0; i + 3 < x.size(); ++i) {
    const auto value = static_cast<double>(x[i]);
    const double units = 2 + std::floor(std::abs(1.173 * value));  // of __expf, in the last place
    CHECK(std::abs(static_cast<double>(exps[i]) / std::exp(value) - 1) <= std::ldexp(units, -23));
    CHECK(std::abs(static_cast<double>(parts[i]) * value - 1) <= std::ldexp(2, -23));
  }
  CHECK(exps[x.size() - 3] == 0);
  CHECK(exps[x.size() - 2] == inf);
  CHECK(exps[x.size() - 1] == inf);
  CHECK(parts[x.size() - 1] == 0);
}

TEST_CASE("machine: words of every size, copies past the registers, shared memory, shuffles") {
  std::vector<std::uint8_t> bytes(32 * 32);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ (i / 256));
  const DeviceBuffer<std::uint8_t> in(bytes), out(bytes.size()), turned(bytes.size());
  move_words(in.data(), out.data());
  CHECK(out.values() == bytes);
  move_by_shared(in.data(), turned.data(), 64);
  const std::vector<std::uint8_t> neighbours = turned.values();
  for (std::size_t i = 0; i < bytes.size(); ++i) CHECK(neighbours[i] == bytes[(i + 16) % bytes.size()]);

  std::vector<float> numbers(256);
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  const DeviceBuffer<float> floats(numbers), reversed(256), sums(256);
  reverse_and_add(floats.data(), reversed.data(), sums.data());
  CHECK(reversed.values() == std::vector<float>(numbers.rbegin(), numbers.rend()));
  const std::vector<float> got = sums.values();
  for (int i = 0; i < 256; ++i) {
    const int last = 256 - i / 32 * 32, first = last - 31;  // of the warp's numbers
    CHECK(got[static_cast<std::size_t>(i)] == static_cast<float>((first + last) * 16));
  }
}
