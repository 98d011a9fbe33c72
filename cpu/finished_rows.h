// Micro-kernels of inference: one row of outputs of a convolution, finished before it is stored. The batch norm is in
// the weights and the offset, so what comes out of the registers needs no further pass over the map.
//
// Maps are blocked (cpu/kernel_table.h): (blocks, pixels, lanes). Only whole vectors are read and written; lanes beyond
// the channels have weights and offsets of 0. Elements of a map are float or BFloat16; sums, offsets, gates and the rows
// that a depthwise convolution reads are float in either case.
#pragma once

#include <cstdint>

#include "cpu/bfloat16.h"
#include "kernels/activation.h"

namespace effnet::cpu {

// Products are of slots: one float, or two neighbouring channels of BFloat16, which a processor multiplies at once.
template <class Element>
inline constexpr std::int64_t kSlot = 1;
template <>
inline constexpr std::int64_t kSlot<BFloat16> = 2;

// out[p][n] = act(offset[n] + sum over segments s, k < run of  in[segments[s] + p * in_pixel + k] * w[s * run + k][n])
//             + addend[p][n];   sum[n] += out[p][n] over p, before it is rounded to Out.
// The last segment has `last_run` values; runs are of whole slots. Weights lie in panels of at most KernelTable::panel
// columns each, (K / slot, the panel's columns, slot); some panels of them are done, and out, addend and sum begin with
// the first vector of those.
template <class In, class Out>
struct FinishedConvRow {
  std::int64_t pixels = 0;
  const In* in = nullptr;  // what the first output sees
  std::int64_t in_pixel = 0;
  const std::int64_t* segments = nullptr;  // elements from `in`
  std::int64_t segment_count = 1, run = 0, last_run = 0;
  std::int64_t vectors = 0, panels = 0;          // of all outputs; vectors are dealt evenly to the panels
  std::int64_t first_panel = 0, last_panel = 0;  // to do
  const In* weights = nullptr;                   // panel after panel
  const float* offset = nullptr;                 // (vectors, lanes)
  const Out* addend = nullptr;                   // as out; null: 0
  kernels::Activation activation = kernels::Activation::kIdentity;
  Out* out = nullptr;          // null: only the sums are wanted
  std::int64_t out_block = 0;  // elements from one vector of a pixel to the next; of addend, too
  float* sum = nullptr;        // null: no sums
};

// One channel block of a depthwise convolution: out[p] = act(offset + sum over i, j of
// rows[i][(p * stride + j) * lanes] * w[i][j]);  sum = sum of out over p, before it is rounded to Out.
template <class Out>
struct FinishedDepthwiseRow {
  const float* const* rows = nullptr;  // (kernel) padded rows of the block
  std::int64_t row_offset = 0;         // floats from each row's pointer to the block
  const float* weights = nullptr;      // (kernel, kernel, lanes)
  const float* offset = nullptr;       // (lanes)
  int kernel = 3, stride = 1;          // 3, 5, 7; 1, 2
  std::int64_t pixels = 0;
  kernels::Activation activation = kernels::Activation::kIdentity;
  Out* out = nullptr;    // (pixels, lanes)
  float* sum = nullptr;  // (lanes)
};

// The rows of packed weights, each times its own number: out[k][n] = weights[k][n] * gate[k].
template <class Element>
struct ScaledPanels {
  std::int64_t k = 0, vectors = 0, panels = 0;  // k: of whole slots
  const Element* weights = nullptr;
  const float* gate = nullptr;  // (k)
  Element* out = nullptr;
};

// One channel block of a map, times its gate: map[p] *= gate.
template <class Element>
struct GatedBlock {
  std::int64_t pixels = 0;
  const float* gate = nullptr;  // (lanes)
  Element* map = nullptr;       // (pixels, lanes)
};

// A picture as the first layer reads it: `channels` a pixel, and 0 up to `out_channels`, which are whole slots.
template <class Element>
struct PicturePixels {
  std::int64_t pixels = 0, channels = 0, out_channels = 0;
  const float* in = nullptr;
  Element* out = nullptr;
};

// The micro-kernels for maps of Element.
template <class Element>
struct FinishedKernels {
  const char* name = "";
  void (*conv_row)(const FinishedConvRow<Element, Element>&);
  void (*conv_row_to_floats)(const FinishedConvRow<Element, float>&);
  void (*depthwise_row)(const FinishedDepthwiseRow<Element>&);
  void (*scale_panels)(const ScaledPanels<Element>&);
  void (*gate_block)(const GatedBlock<Element>&);
  void (*picture_pixels)(const PicturePixels<Element>&);
  // Other elements, one by one; count is a multiple of the lanes.
  void (*to_floats)(std::int64_t count, const Element* in, float* out);
  void (*from_floats)(std::int64_t count, const float* in, Element* out);
};

}  // namespace effnet::cpu
