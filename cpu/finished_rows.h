// Micro-kernels of inference: one row of outputs of a convolution, finished before it is stored. The batch norm is in
// the weights and the offset, so what comes out of the registers needs no further pass over the map.
//
// Maps are blocked (cpu/kernel_table.h): (blocks, pixels, lanes). Only whole vectors are read and written; lanes beyond
// the channels have weights and offsets of 0.
#pragma once

#include <cstdint>

#include "kernels/activation.h"

namespace effnet::cpu {

// out[p][n] = act(offset[n] + sum over segments s, k < run of  in[segments[s] + p * in_pixel + k] * w[s * run + k][n])
//             + addend[p][n];   sum[n] += out[p][n] over p.
// The last segment has `last_run` values. Weights lie in panels of at most KernelTable::panel columns each; some panels
// of them are done, and out, addend and sum begin with the first vector of those.
struct FinishedConvRow {
  std::int64_t pixels = 0;
  const float* in = nullptr;  // what the first output sees
  std::int64_t in_pixel = 0;
  const std::int64_t* segments = nullptr;  // floats from `in`
  std::int64_t segment_count = 1, run = 0, last_run = 0;
  std::int64_t vectors = 0, panels = 0;          // of all outputs; vectors are dealt evenly to the panels
  std::int64_t first_panel = 0, last_panel = 0;  // to do
  const float* weights = nullptr;                // panel after panel, (K, the panel's columns)
  const float* offset = nullptr;                 // (vectors, lanes)
  const float* addend = nullptr;                 // as out; null: 0
  kernels::Activation activation = kernels::Activation::kIdentity;
  float* out = nullptr;        // null: only the sums are wanted
  std::int64_t out_block = 0;  // floats from one vector of a pixel to the next; of addend, too
  float* sum = nullptr;        // null: no sums
};

// One channel block of a depthwise convolution: out[p] = act(offset + sum over i, j of
// rows[i][(p * stride + j) * lanes] * w[i][j]);  sum = sum of out over p.
struct FinishedDepthwiseRow {
  const float* const* rows = nullptr;  // (kernel) padded rows of the block
  std::int64_t row_offset = 0;         // floats from each row's pointer to the block
  const float* weights = nullptr;      // (kernel, kernel, lanes)
  const float* offset = nullptr;       // (lanes)
  int kernel = 3, stride = 1;          // 3, 5, 7; 1, 2
  std::int64_t pixels = 0;
  kernels::Activation activation = kernels::Activation::kIdentity;
  float* out = nullptr;  // (pixels, lanes)
  float* sum = nullptr;  // (lanes)
};

// rows (k, columns) of a panel, each times its own number: out[k][n] = weights[k][n] * gate[k].
struct ScaledPanels {
  std::int64_t k = 0, vectors = 0, panels = 0;
  const float* weights = nullptr;
  const float* gate = nullptr;  // (k)
  float* out = nullptr;
};

}  // namespace effnet::cpu
