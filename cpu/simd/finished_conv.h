// Convolutions of inference. A tile of pixels x vectors of sums stays in registers while the segments go by, as in
// gemm.cpp; it then goes through a piece of the first level cache, where a short loop applies activation and addend:
// that loop is compiled once an activation, not once a tile size.
#pragma once

#include "cpu/simd/gemm.h"
#include "cpu/simd/map_activation.h"

namespace effnet::cpu::EFFNET_ISA {

template <class In, class Out>
class ConvRow {
 public:
  explicit ConvRow(const FinishedConvRow<In, Out>& of) : of_(of) {}

  void run() const {
    if (of_.in_pixel == kLanes)
      all_panels<true>();
    else
      all_panels<false>();
  }

 private:
  static constexpr int kTilePixels = kRegisters == 32 ? 8 : 4;
  // Slots from those in use to those asked for: weights of wide layers come from the third level cache, a panel in one
  // go, and the processor by itself asks too late.
  static constexpr Index kWeightsAhead = 3072;

  // Of a panel of some vectors of the channels.
  struct Panel {
    const In* weights;
    const float* offset;
    Index first_vector;  // of what is to do
  };

  // Tiles of equal length, give or take one pixel: a short one leaves the multipliers waiting for each other.
  // Dense: neighbours see neighbouring pixels of a blocked map.
  template <int Vectors, bool Dense>
  void row_of_panel(const Panel& panel) const {
    Vec memory[kTilePixels * kPanelVectors];
    const Index tiles = (of_.pixels + kTilePixels - 1) / kTilePixels;
    for (Index i = 0; i < tiles; ++i) {
      const Index first = of_.pixels * i / tiles, last = of_.pixels * (i + 1) / tiles;
      some_pixels<Vectors, Dense, kTilePixels>(first, last - first, panel, memory);
      finish(memory, first, static_cast<int>(last - first), panel.first_vector, Vectors);
    }
  }

  template <int Vectors, bool Dense, int Pixels>
  EFFNET_INLINE void some_pixels(Index first, Index pixels, const Panel& panel, Vec* memory) const {
    if constexpr (Pixels > 0) {
      if (pixels == Pixels)
        sums<Pixels, Vectors, Dense>(of_.in + first * of_.in_pixel, panel, memory);
      else
        some_pixels<Vectors, Dense, Pixels - 1>(first, pixels, panel, memory);
    }
  }

  template <int Pixels, int Vectors, bool Dense>
  EFFNET_INLINE void sums(const In* in, const Panel& panel, Vec* out) const {
    constexpr Index kStep = kSlot<In>;
    Vec sum[Pixels][Vectors];
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) {
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sum[p][v] = load(panel.offset + v * kLanes);
    }
    const Index in_pixel = Dense ? kLanes : of_.in_pixel;
    const In* w = panel.weights;
    for (Index s = 0; s < of_.segment_count; ++s) {
      const In* a = in + of_.segments[s];
      const Index run = s + 1 < of_.segment_count ? of_.run : of_.last_run;
#pragma GCC unroll 2
      for (Index k = 0; k < run; k += kStep, a += kStep, w += Vectors * kLanes * kStep) {
        typename Slots<In>::Many row[Vectors];
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) {
          row[v] = Slots<In>::many(w + v * kLanes * kStep);
          __builtin_prefetch(w + v * kLanes * kStep + kWeightsAhead * kStep);
        }
#pragma GCC unroll 8
        for (int p = 0; p < Pixels; ++p) {
          const auto x = Slots<In>::one(a + p * in_pixel);
#pragma GCC unroll 3
          for (int v = 0; v < Vectors; ++v) sum[p][v] = Slots<In>::add_product(sum[p][v], x, row[v]);
        }
      }
    }
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 8
      for (int p = 0; p < Pixels; ++p) out[v * Pixels + p] = sum[p][v];
    }
  }

  [[gnu::noinline]] void finish(Vec* sum, Index first_pixel, int pixels, Index first_vector,
                                int vectors) const {
    with_activation(of_.activation, [&](auto activation) {
      for (int v = 0; v < vectors; ++v)
        finish_vector(sum + v * pixels, first_pixel, pixels, first_vector + v, activation);
    });
  }

  // Activation, addend, sum of a tile's pixels of one vector of channels.
  template <Activation A>
  EFFNET_INLINE void finish_vector(Vec* sums, Index first_pixel, int pixels, Index vector,
                                   Constant<A>) const {
    const Index at = vector * of_.out_block + first_pixel * kLanes;
    Out* const out = of_.out ? of_.out + at : nullptr;
    if (out && !of_.addend && !of_.sum) {
      for (int p = 0; p < pixels; ++p) store_map(out + p * kLanes, map_value<A, In>(sums[p]));
      return;
    }
    const Out* const addend = of_.addend ? of_.addend + at : nullptr;
    float* const sum = of_.sum ? of_.sum + vector * kLanes : nullptr;
    Vec total{};
    for (int p = 0; p < pixels; ++p) {
      Vec y = map_value<A, In>(sums[p]);
      if (addend) y += load_map(addend + p * kLanes);
      if (out) store_map(out + p * kLanes, y);
      total += y;
    }
    if (sum) store(sum, load(sum) + total);
  }

  template <bool Dense>
  void all_panels() const {
    const Index depth = (of_.segment_count - 1) * of_.run + of_.last_run;
    const Index base = of_.vectors * of_.first_panel / of_.panels;
    for (Index i = of_.first_panel; i < of_.last_panel; ++i) {
      const Index first = of_.vectors * i / of_.panels, last = of_.vectors * (i + 1) / of_.panels;
      const Panel panel{of_.weights + first * kLanes * depth, of_.offset + first * kLanes, first - base};
      if (last - first == 3)
        row_of_panel<3, Dense>(panel);
      else if (last - first == 2)
        row_of_panel<2, Dense>(panel);
      else
        row_of_panel<1, Dense>(panel);
    }
  }

  const FinishedConvRow<In, Out>& of_;
};

}  // namespace effnet::cpu::EFFNET_ISA
