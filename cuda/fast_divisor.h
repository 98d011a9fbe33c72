// Division by a number that a launch keeps: a product and a shift (Granlund and Montgomery, PLDI 1994).
#pragma once

#include <cstdint>

namespace effnet::cuda {

// n / divisor for n * divisor < 2^31.
struct FastDivisor {
  std::uint32_t divisor = 1, reciprocal = 1u << 31;  // ceil(2^31 / divisor)

  constexpr FastDivisor() = default;
  constexpr explicit FastDivisor(int by)
      : divisor(static_cast<std::uint32_t>(by)), reciprocal(((1u << 31) + divisor - 1) / divisor) {}

  constexpr int divide(int n) const {
    return static_cast<int>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(n)) * reciprocal >> 31);
  }
};

}  // namespace effnet::cuda
