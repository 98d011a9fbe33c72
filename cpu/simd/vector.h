// One vector register of floats on the instruction set that this translation unit is compiled for. The files of
// cpu/simd/ are compiled once for each of them, each time into a namespace of its own (EFFNET_ISA), and reached through
// cpu/kernel_table.h. Everything here is internal to a translation unit, and nothing uses the standard library's
// templates: a function that two instruction sets shared might be linked in its wider form for both.
#pragma once

#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef EFFNET_ISA
#define EFFNET_ISA portable
#endif

#define EFFNET_INLINE [[gnu::always_inline]] inline

namespace effnet::cpu::EFFNET_ISA {

using Index = std::int64_t;

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
inline constexpr int kRegisters = 32;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
inline constexpr int kRegisters = 16;
#else
inline constexpr int kLanes = 4;
inline constexpr int kRegisters = 16;
#endif

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef float LooseVec __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));  // anywhere in memory
typedef std::int32_t IntVec __attribute__((vector_size(4 * kLanes)));

EFFNET_INLINE Vec load(const float* p) {
  return *reinterpret_cast<const LooseVec*>(p);
}

EFFNET_INLINE void store(float* p, Vec v) {
  *reinterpret_cast<LooseVec*>(p) = v;
}

EFFNET_INLINE Vec all(float x) {
  return Vec{} + x;
}

// The first `count` lanes, 0 < count <= kLanes; what is not read is 0.
#if defined(__AVX512F__)
EFFNET_INLINE Vec load_first(const float* p, int count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>(0xffffu >> (16 - count)), p);
}
EFFNET_INLINE void store_first(float* p, Vec v, int count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>(0xffffu >> (16 - count)), v);
}
#elif defined(__AVX2__)
EFFNET_INLINE __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
EFFNET_INLINE Vec load_first(const float* p, int count) {
  return _mm256_maskload_ps(p, first_lanes(count));
}
EFFNET_INLINE void store_first(float* p, Vec v, int count) {
  _mm256_maskstore_ps(p, first_lanes(count), v);
}
#else
EFFNET_INLINE Vec load_first(const float* p, int count) {
  Vec v{};
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
EFFNET_INLINE void store_first(float* p, Vec v, int count) {
  for (int i = 0; i < count; ++i) p[i] = v[i];
}
#endif

// Per lane: mask ? a : b, where a mask is the result of a comparison.
EFFNET_INLINE Vec choose(IntVec mask, Vec a, Vec b) {
  return mask ? a : b;
}

// The nearer of x and the bound; NaN stays NaN, because a training that diverged must be seen to.
EFFNET_INLINE Vec at_most(Vec x, float bound) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xffff, all(bound), x);
#else
  return choose(x > bound, all(bound), x);
#endif
}
EFFNET_INLINE Vec at_least(Vec x, float bound) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xffff, all(bound), x);
#else
  return choose(x < bound, all(bound), x);
#endif
}

// The square matrix of these rows, transposed: log2(kLanes) rounds of shuffling its upper half into its lower one.
EFFNET_INLINE void transpose(Vec (&rows)[kLanes]) {
  IntVec low{}, high{};
  for (int i = 0; i < kLanes; ++i) {
    low[i] = i / 2 + i % 2 * kLanes;
    high[i] = low[i] + kLanes / 2;
  }
  for (int round = 1; round < kLanes; round *= 2) {
    Vec next[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = __builtin_shuffle(rows[i], rows[i + kLanes / 2], low);
      next[2 * i + 1] = __builtin_shuffle(rows[i], rows[i + kLanes / 2], high);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) rows[i] = next[i];
  }
}

// sums[i] += x[i] for all lanes.
EFFNET_INLINE void add_to_doubles(double* sums, Vec x) {
#if defined(__AVX512F__)
  typedef float HalfVec __attribute__((vector_size(32), may_alias));
  typedef double WideVec __attribute__((vector_size(64), aligned(8), may_alias));
  const HalfVec* halves = reinterpret_cast<const HalfVec*>(&x);
  for (int half = 0; half < 2; ++half)
    *reinterpret_cast<WideVec*>(sums + 8 * half) += __builtin_convertvector(halves[half], WideVec);
#else
  for (int i = 0; i < kLanes; ++i) sums[i] += static_cast<double>(x[i]);
#endif
}

// The nearest whole number, |x| < 2^22.
EFFNET_INLINE Vec rounded(Vec x) {
#if defined(__AVX512F__)
  return _mm512_maskz_roundscale_ps(0xffff, x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return (x + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23 leaves no digits behind the point
#endif
}

// x * 2^n for whole numbers n within +-126.
EFFNET_INLINE Vec times_power_of_two(Vec x, Vec n) {
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xffff, x, n);
#else
  const Vec shifted =
      n + 12582912.0f;  // the integer stands in the low bits; moved up it is the exponent of 2^n
  return x * reinterpret_cast<Vec>((reinterpret_cast<IntVec>(shifted) << 23) + (127 << 23));
#endif
}

}  // namespace effnet::cpu::EFFNET_ISA
