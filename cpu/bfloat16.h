// bfloat16: the upper half of a float, its exponent and 7 bits of its fraction. A value is stored in 2 bytes and
// computed with as a float. The functions are for single values, and not for cpu/simd/, which must not share any
// (cpu/simd/vector.h).
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace effnet::cpu {

struct BFloat16 {
  std::uint16_t bits;
};

inline float to_float(float x) {
  return x;
}
inline float to_float(BFloat16 x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

// The nearest Element, of two equally near the even one; NaN stays NaN.
template <class Element>
Element rounded_to(float x);

template <>
inline float rounded_to<float>(float x) {
  return x;
}
template <>
inline BFloat16 rounded_to<BFloat16>(float x) {
  if (std::isnan(x)) return {0x7fc0};
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

}  // namespace effnet::cpu
