// Strips (device/strip.h) of what a dense convolution sees under one of its taps: each row is a pixel of another map, which
// lies under the tap that the product has come to, or outside of the map, where it is 0. A lane's pieces that lie inside
// are the bits of a mask, because only these go through batch norm and activation.
#pragma once

#include "cuda/device/activation.h"
#include "cuda/device/strip.h"
#include "kernels/conv.h"

namespace effnet::cuda {

using kernels::ConvShape;

struct DenseGeometry {
  int height, width, out_height, out_width;
  int kernel, stride, pad_top, pad_left;

  explicit DenseGeometry(const ConvShape& s)
      : height(static_cast<int>(s.height)),
        width(static_cast<int>(s.width)),
        out_height(static_cast<int>(s.out_height)),
        out_width(static_cast<int>(s.out_width)),
        kernel(s.kernel),
        stride(s.stride),
        pad_top(static_cast<int>(s.pad_top)),
        pad_left(static_cast<int>(s.pad_left)) {}
};

// A pixel of a batch of pictures; those of phases and windows may lie outside.
struct Pixel {
  int picture, y, x;
};

__device__ __forceinline__ Pixel pixel_of(int row, int height, int width) {
  const int line = row / width, picture = line / height;
  return {picture, line - picture * height, row - line * width};
}

// The map that is gathered from.
template <class T>
struct WindowMap {
  const T* values;  // (N, H, W, C)
  int height, width, channels;
};

// Where the window of each of this lane's rows begins.
struct WindowRows {
  int pixel[kStripPieces], y[kStripPieces], x[kStripPieces];
};

// begin(row of the strip's map) says where that is, as a Pixel.
template <class T, class Begin>
__device__ __forceinline__ WindowRows window_rows(const WindowMap<T>& map, const Strip& strip,
                                                  Begin&& begin) {
  constexpr int kNowhere = -(1 << 30);
  WindowRows rows;
#pragma unroll
  for (int i = 0; i < kStripPieces; ++i) {
    rows.pixel[i] = rows.x[i] = 0;
    rows.y[i] = kNowhere;
    if (row_of_lane(i) >= strip.rows) continue;
    const Pixel at = begin(static_cast<int>(strip.row) + row_of_lane(i));
    rows.pixel[i] = (at.picture * map.height + at.y) * map.width + at.x;
    rows.y[i] = at.y;
    rows.x[i] = at.x;
  }
  return rows;
}

// The window of a pixel of y in x.
__device__ __forceinline__ Pixel window_of_output(const DenseGeometry& g, int row) {
  const Pixel out = pixel_of(row, g.out_height, g.out_width);
  return {out.picture, out.y * g.stride - g.pad_top, out.x * g.stride - g.pad_left};
}

// What a product has come to: a tap and a panel of the channels that it sees.
struct TapStep {
  int y = 0, x = 0, panel = 0;

  __device__ __forceinline__ TapStep next(int taps_x, int panels) const {
    if (panel + 1 < panels) return {y, x, panel + 1};
    return x + 1 < taps_x ? TapStep{y, x + 1, 0} : TapStep{y + 1, 0, 0};
  }
};

// Asks for a panel, `width` channels from `first_channel` on, of the pixels that lie (y, x) from the windows' beginnings.
// Bit i of the result: piece i of this lane is inside of the map.
template <class T>
__device__ __forceinline__ unsigned ask_for_tap(T* panel, const WindowMap<T>& map, const WindowRows& rows,
                                                int y, int x, int first_channel, int width) {
  const int column = piece_of_lane() * kVector<T>;
  unsigned inside = 0;
#pragma unroll
  for (int i = 0; i < kStripPieces; ++i) {
    T* to = piece_at(panel, row_of_lane(i), piece_of_lane());
    const int at_y = rows.y[i] + y, at_x = rows.x[i] + x;
    if (column < width && at_y >= 0 && at_y < map.height && at_x >= 0 && at_x < map.width) {
      const Index pixel = rows.pixel[i] + y * map.width + x;
      copy_16_to_shared(to, map.values + (pixel * map.channels + first_channel + column));
      inside |= 1u << i;
    } else {
      clear_piece(to);
    }
  }
  return inside;
}

// act(x * scale + offset) in place of the pieces that are inside. Four channels at a time: sums leave few registers.
template <class T>
__device__ __forceinline__ void finish_values(T* panel, unsigned inside, const float* scale,
                                              const float* offset, Activation activation, int first_channel) {
  constexpr int V = 4;
  if (!scale || inside == 0) return;
#pragma unroll 1
  for (int at = 0; at < kVector<T>; at += V) {
    const int channel = first_channel + piece_of_lane() * kVector<T> + at;
    float by[V], and_more[V];
    load_numbers(scale + channel, by);
    load_numbers(offset + channel, and_more);
#pragma unroll 1
    for (int i = 0; i < kStripPieces; ++i) {
      if (!(inside >> i & 1)) continue;
      auto* word = reinterpret_cast<Word<T, V>*>(piece_at(panel, row_of_lane(i), piece_of_lane()) + at);
      float values[V];
      unpack<T, V>(*word, values);
#pragma unroll
      for (int v = 0; v < V; ++v) values[v] = values[v] * by[v] + and_more[v];
      activate(activation, values);
      *word = pack<T, V>(values);
    }
  }
}

// The way back through a batch norm: dy = a * d + b * y + c, (C) each; all null: dy is d.
struct NormSlope {
  const float *a, *b, *c;
};

// d becomes dy in the pieces that are inside.
template <class T>
__device__ __forceinline__ void finish_gradient(T* d, const T* y, unsigned inside, const NormSlope& norm,
                                                int first_channel) {
  constexpr int V = 4;
  if (!norm.a || inside == 0) return;
#pragma unroll 1
  for (int at = 0; at < kVector<T>; at += V) {
    const int channel = first_channel + piece_of_lane() * kVector<T> + at;
    float a[V], b[V], c[V];
    load_numbers(norm.a + channel, a);
    load_numbers(norm.b + channel, b);
    load_numbers(norm.c + channel, c);
#pragma unroll 1
    for (int i = 0; i < kStripPieces; ++i) {
      if (!(inside >> i & 1)) continue;
      auto* word = reinterpret_cast<Word<T, V>*>(piece_at(d, row_of_lane(i), piece_of_lane()) + at);
      const auto* other =
          reinterpret_cast<const Word<T, V>*>(piece_at(y, row_of_lane(i), piece_of_lane()) + at);
      float values[V], of_y[V];
      unpack<T, V>(*word, values);
      unpack<T, V>(*other, of_y);
#pragma unroll
      for (int v = 0; v < V; ++v) values[v] = a[v] * values[v] + (b[v] * of_y[v] + c[v]);
      *word = pack<T, V>(values);
    }
  }
}

}  // namespace effnet::cuda
