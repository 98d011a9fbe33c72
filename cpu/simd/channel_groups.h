// Channels of a map in groups of vectors: what is constant a channel stays in registers while rows go by, and so do
// sums. The last group may be a part of one vector.
#pragma once

#include "cpu/simd/vector.h"

namespace effnet::cpu::EFFNET_ISA {

// `Vectors` vectors of channels from `first` on; Partial: one vector of which `lanes` lanes are there.
template <int Vectors_, bool Partial_>
struct ChannelGroup {
  static constexpr int kVectors = Vectors_;
  Index first;
  int lanes;

  EFFNET_INLINE Vec get(const float* p, int v) const {
    if constexpr (Partial_) return load_first(p + first, lanes);
    return load(p + first + v * kLanes);
  }
  EFFNET_INLINE Vec get_or(const float* p, int v, float otherwise) const {
    return p ? get(p, v) : all(otherwise);
  }
  EFFNET_INLINE void put(float* p, int v, Vec x) const {
    if constexpr (Partial_)
      store_first(p + first, x, lanes);
    else
      store(p + first + v * kLanes, x);
  }
  // Asks for memory some rows ahead: rows of one group lie too far apart for the processor to guess.
  EFFNET_INLINE void prefetch(const float* p, int v) const { __builtin_prefetch(p + first + v * kLanes); }
  EFFNET_INLINE Index block(int v) const { return first / kLanes + v; }
  EFFNET_INLINE void add_to(double* sums, int v, Vec x) const {
    if constexpr (Partial_) {
      for (int i = 0; i < lanes; ++i) sums[first + i] += static_cast<double>(x[i]);
    } else {
      add_to_doubles(sums + first + v * kLanes, x);
    }
  }
};

template <int Vectors, class Work>
EFFNET_INLINE void each_channel_group(Index channels, Work&& work) {
  Index c = 0;
  for (; c + Vectors * kLanes <= channels; c += Vectors * kLanes)
    work(ChannelGroup<Vectors, false>{c, kLanes});
  for (; c + kLanes <= channels; c += kLanes) work(ChannelGroup<1, false>{c, kLanes});
  if (c < channels) work(ChannelGroup<1, true>{c, static_cast<int>(channels - c)});
}

inline constexpr Index kRowsAhead = 40;

// Rows in pieces short enough for the first level cache, and for float to keep a sum's digits.
template <class Work>
EFFNET_INLINE void each_piece(Index rows, Work&& work) {
  constexpr Index kPiece = 64;
  for (Index first = 0; first < rows; first += kPiece)
    work(first, rows - first < kPiece ? rows : first + kPiece);
}

}  // namespace effnet::cpu::EFFNET_ISA
