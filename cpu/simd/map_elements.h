// Elements of a map as the kernels of inference see them: a vector of them loaded and stored as floats, and products of
// slots (cpu/finished_rows.h), by the processor's instructions for bfloat16 or by a twin of them.
#pragma once

#include "cpu/finished_rows.h"
#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

typedef std::uint16_t HalfVec __attribute__((vector_size(2 * kLanes)));
typedef std::uint16_t LooseHalfVec __attribute__((vector_size(2 * kLanes), aligned(2), may_alias));
typedef std::int32_t LooseIntVec __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef std::int32_t LooseInt __attribute__((aligned(2), may_alias));

EFFNET_INLINE Vec load_map(const float* p) {
  return load(p);
}
EFFNET_INLINE void store_map(float* p, Vec v) {
  store(p, v);
}

EFFNET_INLINE Vec load_map(const BFloat16* p) {
  const HalfVec bits = *reinterpret_cast<const LooseHalfVec*>(p);
  return reinterpret_cast<Vec>(__builtin_convertvector(bits, IntVec) << 16);
}

// bfloat16 in the upper half of each lane, of the nearest value, of two equally near the even one; NaN stays NaN.
EFFNET_INLINE IntVec rounded_to_upper_half(Vec x) {
  const IntVec bits = reinterpret_cast<IntVec>(x);
  const IntVec nearest = bits + 0x7fff + ((bits >> 16) & 1);
  return (x == x ? nearest : bits | 0x400000) & static_cast<std::int32_t>(0xffff0000);
}

EFFNET_INLINE void store_map(BFloat16* p, Vec v) {
#if defined(__AVX512BF16__)
  const __m256bh half = _mm512_cvtneps_pbh(v);
  *reinterpret_cast<LooseHalfVec*>(p) = reinterpret_cast<HalfVec>(half);
#else
  *reinterpret_cast<LooseHalfVec*>(p) = __builtin_convertvector(rounded_to_upper_half(v) >> 16, HalfVec);
#endif
}

// One slot of a pixel, to be multiplied with every lane, and a vector of slots of weights.
template <class Element>
struct Slots;

template <>
struct Slots<float> {
  using One = float;
  using Many = Vec;
  EFFNET_INLINE static One one(const float* p) { return *p; }
  EFFNET_INLINE static Many many(const float* p) { return load(p); }
  EFFNET_INLINE static Vec add_product(Vec sum, One x, Many w) { return sum + x * w; }
  EFFNET_INLINE static void store_scaled(float* out, Many w, const float* gate) { store(out, w * gate[0]); }
};

template <>
struct Slots<BFloat16> {
  EFFNET_INLINE static Vec lower(IntVec slots) { return reinterpret_cast<Vec>(slots << 16); }
  EFFNET_INLINE static Vec upper(IntVec slots) {
    return reinterpret_cast<Vec>(slots & static_cast<std::int32_t>(0xffff0000));
  }
  EFFNET_INLINE static IntVec load_slots(const BFloat16* p) {
    return *reinterpret_cast<const LooseIntVec*>(p);
  }
#if defined(__AVX512BF16__)
  using One = __m512bh;
  using Many = __m512bh;
  EFFNET_INLINE static One one(const BFloat16* p) {
    return reinterpret_cast<One>(_mm512_set1_epi32(*reinterpret_cast<const LooseInt*>(p)));
  }
  EFFNET_INLINE static Many many(const BFloat16* p) {
    return reinterpret_cast<Many>(load_slots(p));
  }
  EFFNET_INLINE static Vec add_product(Vec sum, One x, Many w) {
    return _mm512_dpbf16_ps(sum, x, w);
  }
#else
  using One = std::int32_t;
  using Many = IntVec;
  EFFNET_INLINE static One one(const BFloat16* p) {
    return *reinterpret_cast<const LooseInt*>(p);
  }
  EFFNET_INLINE static Many many(const BFloat16* p) {
    return load_slots(p);
  }
  EFFNET_INLINE static Vec add_product(Vec sum, One x, Many w) {
    const IntVec slots = IntVec{} + x;
    sum += upper(slots) * upper(w);
    return sum + lower(slots) * lower(w);
  }
#endif
  // Rounded once more.
  EFFNET_INLINE static void store_scaled(BFloat16* out, Many w, const float* gate) {
    const IntVec slots = reinterpret_cast<IntVec>(w);
    const IntVec low = rounded_to_upper_half(lower(slots) * gate[0]),
                 high = rounded_to_upper_half(upper(slots) * gate[1]);
    *reinterpret_cast<LooseIntVec*>(out) = high | ((low >> 16) & 0xffff);
  }
};

}  // namespace effnet::cpu::EFFNET_ISA
