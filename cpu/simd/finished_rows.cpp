// Convolutions of inference. A tile of pixels x vectors of sums stays in registers while the segments go by, as in
// gemm.cpp; it then goes through a piece of the first level cache, where a short loop applies activation and addend:
// that loop is compiled once an activation, not once a tile size.
#include "cpu/simd/finished_rows.h"

#include "cpu/simd/activation.h"
#include "cpu/simd/gemm.h"

namespace effnet::cpu::EFFNET_ISA {
namespace {

constexpr int kTilePixels = kRegisters == 32 ? 8 : 4;
constexpr int kWindow = 8;

// Of a panel of some vectors of the channels.
struct Panel {
  const float* weights;
  const float* offset;
  Index first_vector;  // of what is to do
};

template <int Pixels, int Vectors, bool Dense>  // Dense: neighbours see neighbouring pixels of a blocked map
EFFNET_INLINE void sums(const FinishedConvRow& of, const float* in, const Panel& panel, Vec* out) {
  Vec sum[Pixels][Vectors];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p) {
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) sum[p][v] = load(panel.offset + v * kLanes);
  }
  const Index in_pixel = Dense ? kLanes : of.in_pixel;
  const float* w = panel.weights;
  for (Index s = 0; s < of.segment_count; ++s) {
    const float* a = in + of.segments[s];
    const Index run = s + 1 < of.segment_count ? of.run : of.last_run;
#pragma GCC unroll 2
    for (Index k = 0; k < run; ++k, ++a, w += Vectors * kLanes) {
      Vec row[Vectors];
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) row[v] = load(w + v * kLanes);
#pragma GCC unroll 8
      for (int p = 0; p < Pixels; ++p) {
        const float x = a[p * in_pixel];
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) sum[p][v] += x * row[v];
      }
    }
  }
#pragma GCC unroll 3
  for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) out[v * Pixels + p] = sum[p][v];
  }
}

// Activation, addend, sum of a tile's pixels of one vector of channels.
template <Activation A>
EFFNET_INLINE void finish_vector(const FinishedConvRow& of, Vec* sums, Index first_pixel, int pixels,
                                 Index vector, Constant<A>) {
  const Index at = vector * of.out_block + first_pixel * kLanes;
  float* const out = of.out ? of.out + at : nullptr;
  if (out && !of.addend && !of.sum) {
    for (int p = 0; p < pixels; ++p) store(out + p * kLanes, value<A>(sums[p]));
    return;
  }
  const float* const addend = of.addend ? of.addend + at : nullptr;
  Vec total{};
  for (int p = 0; p < pixels; ++p) {
    Vec y = value<A>(sums[p]);
    if (addend) y += load(addend + p * kLanes);
    if (out) store(out + p * kLanes, y);
    total += y;
  }
  if (of.sum) store(of.sum + vector * kLanes, load(of.sum + vector * kLanes) + total);
}

void finish(const FinishedConvRow& of, Vec* sum, Index first_pixel, int pixels, Index first_vector,
            int vectors) {
  with_activation(of.activation, [&](auto activation) {
    for (int v = 0; v < vectors; ++v)
      finish_vector(of, sum + v * pixels, first_pixel, pixels, first_vector + v, activation);
  });
}

template <int Vectors, bool Dense, int Pixels>
EFFNET_INLINE void some_pixels(const FinishedConvRow& of, Index first, Index pixels, const Panel& panel,
                               Vec* memory) {
  if constexpr (Pixels > 0) {
    if (pixels == Pixels)
      sums<Pixels, Vectors, Dense>(of, of.in + first * of.in_pixel, panel, memory);
    else
      some_pixels<Vectors, Dense, Pixels - 1>(of, first, pixels, panel, memory);
  }
}

// Tiles of equal length, give or take one pixel: a short one leaves the multipliers waiting for each other.
template <int Vectors, bool Dense>
void row_of_panel(const FinishedConvRow& of, const Panel& panel) {
  Vec memory[kTilePixels * kPanelVectors];
  const Index tiles = (of.pixels + kTilePixels - 1) / kTilePixels;
  for (Index i = 0; i < tiles; ++i) {
    const Index first = of.pixels * i / tiles, last = of.pixels * (i + 1) / tiles;
    some_pixels<Vectors, Dense, kTilePixels>(of, first, last - first, panel, memory);
    finish(of, memory, first, static_cast<int>(last - first), panel.first_vector, Vectors);
  }
}

template <bool Dense>
void all_panels(const FinishedConvRow& of) {
  const Index depth = (of.segment_count - 1) * of.run + of.last_run;
  const Index base = of.vectors * of.first_panel / of.panels;
  for (Index i = of.first_panel; i < of.last_panel; ++i) {
    const Index first = of.vectors * i / of.panels, last = of.vectors * (i + 1) / of.panels;
    const Panel panel{of.weights + first * kLanes * depth, of.offset + first * kLanes, first - base};
    if (last - first == 3)
      row_of_panel<3, Dense>(of, panel);
    else if (last - first == 2)
      row_of_panel<2, Dense>(of, panel);
    else
      row_of_panel<1, Dense>(of, panel);
  }
}

template <int Taps, int Stride, int Pixels>
EFFNET_INLINE void window(const FinishedDepthwiseRow& of, Index in_offset, float* out) {
  Vec sum[Pixels];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p) sum[p] = load(of.offset);
  const float* weights = of.weights;
  for (int i = 0; i < Taps; ++i, weights += Taps * kLanes) {
    const float* in = of.rows[i] + in_offset;
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
  for (int p = 0; p < Pixels; ++p) store(out + p * kLanes, sum[p]);
}

template <int Taps, int Stride, int Pixels>
EFFNET_INLINE void some_windows(const FinishedDepthwiseRow& of, Index in_offset, float* out, Index pixels) {
  if constexpr (Pixels > 0) {
    if (pixels == Pixels)
      window<Taps, Stride, Pixels>(of, in_offset, out);
    else
      some_windows<Taps, Stride, Pixels - 1>(of, in_offset, out, pixels);
  }
}

template <int Taps, int Stride>
void depthwise(const FinishedDepthwiseRow& of) {
  const Index windows = (of.pixels + kWindow - 1) / kWindow;
  for (Index i = 0; i < windows; ++i) {
    const Index first = of.pixels * i / windows, last = of.pixels * (i + 1) / windows;
    some_windows<Taps, Stride, kWindow>(of, of.row_offset + first * Stride * kLanes, of.out + first * kLanes,
                                        last - first);
  }
}

template <Activation A>
EFFNET_INLINE void finish_row(const FinishedDepthwiseRow& of, Constant<A>) {
  float* out = of.out;
  Vec total{};
  for (Index left = of.pixels; left > 0; --left, out += kLanes) {
    const Vec y = value<A>(load(out));
    store(out, y);
    total += y;
  }
  store(of.sum, total);
}

}  // namespace

void conv_row(const FinishedConvRow& of) {
  if (of.in_pixel == kLanes)
    all_panels<true>(of);
  else
    all_panels<false>(of);
}

void finished_depthwise_row(const FinishedDepthwiseRow& of) {
  switch (of.kernel + (of.stride == 2 ? 100 : 0)) {
    case 3:
      depthwise<3, 1>(of);
      break;
    case 5:
      depthwise<5, 1>(of);
      break;
    case 7:
      depthwise<7, 1>(of);
      break;
    case 103:
      depthwise<3, 2>(of);
      break;
    case 105:
      depthwise<5, 2>(of);
      break;
    case 107:
      depthwise<7, 2>(of);
      break;
  }
  with_activation(of.activation, [&](auto activation) { finish_row(of, activation); });
}

void scale_panels(const ScaledPanels& of) {
  const float* weights = of.weights;
  float* out = of.out;
  for (Index i = 0; i < of.panels; ++i) {
    const Index vectors = of.vectors * (i + 1) / of.panels - of.vectors * i / of.panels;
    for (Index k = 0; k < of.k; ++k) {
      for (Index v = 0; v < vectors; ++v, weights += kLanes, out += kLanes)
        store(out, load(weights) * of.gate[k]);
    }
  }
}

}  // namespace effnet::cpu::EFFNET_ISA
