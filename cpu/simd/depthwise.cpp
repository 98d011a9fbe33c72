// Depthwise convolution on the blocked layout: one vector of channels, a window of pixels.
// Forward (and the gradient of the input, which is a convolution too): up to 8 outputs of a row stay in registers, every
// pixel of the window is loaded once a row of taps and used by all taps that reach it.
// Weight gradient: all taps (kernel 3) or one row of taps (5, 7) stay in registers while the map goes by.
#include "cpu/simd/depthwise.h"

namespace effnet::cpu::EFFNET_ISA {
namespace {

constexpr int kMostPixels = 8;

// The taps that fall on rows of the map.
struct TapRows {
  int first, last;
};

template <int Taps, int Stride, int Pixels>
EFFNET_INLINE void window(const DepthwiseRows& of, TapRows taps, const float* in, float* out) {
  Vec sum[Pixels];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p) sum[p] = Vec{};
  const float* weights = of.weights + taps.first * Taps * kLanes;
  in += taps.first * of.in_row;
  for (int i = taps.first; i < taps.last; ++i, in += of.in_row, weights += Taps * kLanes) {
    Vec w[Taps];
#pragma GCC unroll 7
    for (int j = 0; j < Taps; ++j) w[j] = load(weights + j * kLanes);
#pragma GCC unroll 24
    for (int q = 0; q < (Pixels - 1) * Stride + Taps; ++q) {
      const Vec x = load(in + q * kLanes);
#pragma GCC unroll 7
      for (int j = 0; j < Taps; ++j) {
        const int p = (q - j) / Stride;
        if (q >= j && (q - j) % Stride == 0 && p < Pixels) sum[p] += x * w[j];
      }
    }
  }
  if (of.valid == kLanes) {
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) store(out + p * of.out_pixel, sum[p]);
  } else {
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) store_first(out + p * of.out_pixel, sum[p], of.valid);
  }
}

template <int Taps, int Stride, int Pixels>
void some_pixels(const DepthwiseRows& of, TapRows taps, const float* in, float* out, Index pixels) {
  if constexpr (Pixels > 0) {
    if (pixels == Pixels)
      window<Taps, Stride, Pixels>(of, taps, in, out);
    else
      some_pixels<Taps, Stride, Pixels - 1>(of, taps, in, out, pixels);
  }
}

// Windows of equal length, give or take one: short ones leave the multipliers waiting for each other.
template <int Taps, int Stride>
void rows(const DepthwiseRows& of) {
  const Index windows = (of.pixels + kMostPixels - 1) / kMostPixels;
  for (Index row = 0; row < of.rows; ++row) {
    const Index top = of.top + row * Stride, below = of.map_rows - top;
    const TapRows taps{top < 0 ? static_cast<int>(-top) : 0,
                       below < of.taps_down ? static_cast<int>(below) : of.taps_down};
    const float* in = of.in + row * Stride * of.in_row;
    float* out = of.out + row * of.out_row;
    for (Index i = 0; i < windows; ++i) {
      const Index first = of.pixels * i / windows, last = of.pixels * (i + 1) / windows;
      some_pixels<Taps, Stride, kMostPixels>(of, taps, in + first * Stride * kLanes,
                                             out + first * of.out_pixel, last - first);
    }
  }
}

template <int FirstRow, int Rows, int Kernel, int Stride>
EFFNET_INLINE void taps(const DepthwiseWeightGradient& of) {
  Vec sum[Rows][Kernel];
#pragma GCC unroll 7
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 7
    for (int j = 0; j < Kernel; ++j) sum[i][j] = load(of.weights + ((FirstRow + i) * Kernel + j) * kLanes);
  }
  for (Index y = 0; y < of.rows; ++y) {
    const float* in = of.in + (y * Stride + FirstRow) * of.in_row;
    const float* gradient = of.gradient + y * of.gradient_row;
    for (Index p = 0; p < of.pixels; ++p, in += Stride * kLanes, gradient += kLanes) {
      const Vec g = load(gradient);
#pragma GCC unroll 7
      for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 7
        for (int j = 0; j < Kernel; ++j) sum[i][j] += g * load(in + i * of.in_row + j * kLanes);
      }
    }
  }
#pragma GCC unroll 7
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 7
    for (int j = 0; j < Kernel; ++j) store(of.weights + ((FirstRow + i) * Kernel + j) * kLanes, sum[i][j]);
  }
}

template <int Stride>
void all_taps_3(const DepthwiseWeightGradient& of) {
  taps<0, 3, 3, Stride>(of);
}

template <int Stride>
void all_taps_5(const DepthwiseWeightGradient& of) {
  if constexpr (kRegisters == 32) {
    taps<0, 5, 5, Stride>(of);
  } else {
    taps<0, 2, 5, Stride>(of);
    taps<2, 2, 5, Stride>(of);
    taps<4, 1, 5, Stride>(of);
  }
}

template <int Stride>
void all_taps_7(const DepthwiseWeightGradient& of) {
  taps<0, 1, 7, Stride>(of);
  taps<1, 1, 7, Stride>(of);
  taps<2, 1, 7, Stride>(of);
  taps<3, 1, 7, Stride>(of);
  taps<4, 1, 7, Stride>(of);
  taps<5, 1, 7, Stride>(of);
  taps<6, 1, 7, Stride>(of);
}

}  // namespace

void depthwise_rows(const DepthwiseRows& of) {
  switch (of.taps_across + (of.stride == 2 ? 100 : 0)) {
    case 1:
      return rows<1, 1>(of);
    case 2:
      return rows<2, 1>(of);
    case 3:
      return rows<3, 1>(of);
    case 4:
      return rows<4, 1>(of);
    case 5:
      return rows<5, 1>(of);
    case 7:
      return rows<7, 1>(of);
    case 103:
      return rows<3, 2>(of);
    case 105:
      return rows<5, 2>(of);
    case 107:
      return rows<7, 2>(of);
  }
}

void depthwise_weight_gradient(const DepthwiseWeightGradient& of) {
  switch (of.kernel + (of.stride == 2 ? 100 : 0)) {
    case 3:
      return all_taps_3<1>(of);
    case 5:
      return all_taps_5<1>(of);
    case 7:
      return all_taps_7<1>(of);
    case 103:
      return all_taps_3<2>(of);
    case 105:
      return all_taps_5<2>(of);
    case 107:
      return all_taps_7<2>(of);
  }
}

}  // namespace effnet::cpu::EFFNET_ISA
