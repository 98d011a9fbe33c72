// Depthwise convolutions of inference: windows of pixels whose sums stay in registers, then activation and the sum of a
// short piece of the row.
#pragma once

#include "cpu/simd/map_activation.h"

namespace effnet::cpu::EFFNET_ISA {

template <class Out>
class DepthwiseRowOf {
 public:
  explicit DepthwiseRowOf(const FinishedDepthwiseRow<Out>& of) : of_(of) {}

  void run() const {
    switch (of_.kernel + (of_.stride == 2 ? 100 : 0)) {
      case 3:
        return row<3, 1>();
      case 5:
        return row<5, 1>();
      case 7:
        return row<7, 1>();
      case 103:
        return row<3, 2>();
      case 105:
        return row<5, 2>();
      case 107:
        return row<7, 2>();
    }
  }

 private:
  static constexpr int kWindow = 8;
  static constexpr Index kPieceWindows = 8;

  template <int Taps, int Stride>
  void row() const {
    Vec sums[kPieceWindows * kWindow];
    Vec total{};
    const Index windows = (of_.pixels + kWindow - 1) / kWindow;
    for (Index piece = 0; piece < windows; piece += kPieceWindows) {
      const Index end = piece + kPieceWindows < windows ? piece + kPieceWindows : windows;
      const Index start = of_.pixels * piece / windows;
      for (Index i = piece; i < end; ++i) {
        const Index first = of_.pixels * i / windows, last = of_.pixels * (i + 1) / windows;
        some_windows<Taps, Stride, kWindow>(of_.row_offset + first * Stride * kLanes, sums + first - start,
                                            last - first);
      }
      total += finish(sums, start, of_.pixels * end / windows - start);
    }
    store(of_.sum, total);
  }

  template <int Taps, int Stride, int Pixels>
  EFFNET_INLINE void some_windows(Index in_offset, Vec* out, Index pixels) const {
    if constexpr (Pixels > 0) {
      if (pixels == Pixels)
        window<Taps, Stride, Pixels>(in_offset, out);
      else
        some_windows<Taps, Stride, Pixels - 1>(in_offset, out, pixels);
    }
  }

  template <int Taps, int Stride, int Pixels>
  EFFNET_INLINE void window(Index in_offset, Vec* out) const {
    Vec sum[Pixels];
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) sum[p] = load(of_.offset);
    const float* weights = of_.weights;
    for (int i = 0; i < Taps; ++i, weights += Taps * kLanes) {
      const float* in = of_.rows[i] + in_offset;
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
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) out[p] = sum[p];
  }

  // -> the sum of the piece.
  [[gnu::noinline]] Vec finish(const Vec* sums, Index first, Index pixels) const {
    Out* const out = of_.out + first * kLanes;
    Vec total{};
    with_activation(of_.activation, [&](auto activation) {
      Vec of_piece{};
      for (Index p = 0; p < pixels; ++p) {
        const Vec y = map_value<decltype(activation)::kValue, Out>(sums[p]);
        store_map(out + p * kLanes, y);
        of_piece += y;
      }
      total = of_piece;
    });
    return total;
  }

  const FinishedDepthwiseRow<Out>& of_;
};

}  // namespace effnet::cpu::EFFNET_ISA
