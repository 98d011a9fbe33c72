// Activations on the way into a map: as exact as the elements of the net's maps can tell.
#pragma once

#include "cpu/simd/activation.h"
#include "cpu/simd/map_elements.h"

namespace effnet::cpu::EFFNET_ISA {

// As exp_of_negative() in activation.h, by the polynomial of degree 3: its relative error of 7.5e-5 is a fiftieth of the
// largest that rounding to bfloat16 makes.
EFFNET_INLINE Vec coarse_exp_of_negative(Vec x) {
  const Vec t = at_most(at_least(x * -1.44269504f, -126.0f), 126.0f);
  const Vec n = rounded(t), f = t - n;
  Vec p = all(5.51716691e-2f);
  p = p * f + 2.42611122e-1f;
  p = p * f + 6.93260985e-1f;
  p = p * f + 9.99928074e-1f;
  return times_power_of_two(p, n);
}

template <Activation A, class Element>
EFFNET_INLINE Vec map_value(Vec z) {
  if constexpr (A == Activation::kSilu && kSlot<Element> == 2) return z / (1.0f + coarse_exp_of_negative(z));
  return value<A>(z);
}

}  // namespace effnet::cpu::EFFNET_ISA
