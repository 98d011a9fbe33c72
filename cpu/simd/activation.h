// The activation functions of kernels/activation.h and their slopes on a vector.
#pragma once

#include "cpu/simd/vector.h"
#include "kernels/activation.h"

namespace effnet::cpu::EFFNET_ISA {

using kernels::Activation;

// exp(x), x bounded to +-87: 2^n * e^r with |r| <= ln(2) / 2 and a polynomial of degree 6 (Cody and Waite); relative
// error below 3e-7.
EFFNET_INLINE Vec bounded_exp(Vec x) {
  x = at_most(at_least(x, -87.0f), 87.0f);
  const Vec n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;  // adding 1.5 * 2^23 rounds to an integer
  const Vec r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  Vec p = all(1.0f / 720);
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return times_power_of_two(p, n);
}

EFFNET_INLINE Vec sigmoid(Vec x) {
  return reciprocal(1.0f + bounded_exp(-x));
}

EFFNET_INLINE Vec clamp(Vec x, float low, float high) {
  return at_most(at_least(x, low), high);
}

template <Activation A>
EFFNET_INLINE Vec value(Vec z) {
  if constexpr (A == Activation::kRelu) return at_least(z, 0);
  if constexpr (A == Activation::kRelu6) return clamp(z, 0, 6);
  if constexpr (A == Activation::kSilu) return z * sigmoid(z);
  if constexpr (A == Activation::kHardSwish) return z * clamp(z + 3.0f, 0, 6) * (1.0f / 6);
  return z;
}

template <Activation A>
EFFNET_INLINE Vec slope(Vec z) {
  if constexpr (A == Activation::kRelu) return choose(z > 0.0f, all(1), Vec{});
  if constexpr (A == Activation::kRelu6) return choose((z > 0.0f) & (z < 6.0f), all(1), Vec{});
  if constexpr (A == Activation::kSilu) {
    const Vec s = sigmoid(z);
    return s * (1.0f + z * (1.0f - s));
  }
  if constexpr (A == Activation::kHardSwish)
    return choose(z < -3.0f, Vec{}, choose(z > 3.0f, all(1), z * (1.0f / 3) + 0.5f));
  return all(1);
}

// work(integral constant of the activation), so that loops are compiled once for each.
template <Activation A>
struct Constant {
  static constexpr Activation kValue = A;
};

template <class Work>
EFFNET_INLINE void with_activation(Activation activation, Work&& work) {
  switch (activation) {
    case Activation::kIdentity:
      return work(Constant<Activation::kIdentity>{});
    case Activation::kRelu:
      return work(Constant<Activation::kRelu>{});
    case Activation::kRelu6:
      return work(Constant<Activation::kRelu6>{});
    case Activation::kSilu:
      return work(Constant<Activation::kSilu>{});
    case Activation::kHardSwish:
      return work(Constant<Activation::kHardSwish>{});
  }
}

}  // namespace effnet::cpu::EFFNET_ISA
