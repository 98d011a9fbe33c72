// The micro-kernels: what the blocks of cpu/ are put together from, each a plain function over memory that the caller
// has laid out, on one thread. One table of them for every instruction set; cpu/isa.h says which.
//
// Maps are channels-last. "Rows" are pixels: (rows, C) floats, `row` floats from one to the next. "Blocked" is the
// layout of the depthwise kernels: (ceil(C / lanes), pixels, lanes), one vector register a pixel, so that a window of
// pixels lies close together; lanes beyond C hold anything finite.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cpu/finished_rows.h"
#include "kernels/activation.h"

namespace effnet::cpu {

using Index = std::int64_t;
using kernels::Activation;

// c (m, n) = a (m, k) * b (k, n), or += with `accumulate`; 2 m n k flops. Column panels of `KernelTable::panel` floats:
// b holds element (k, n) at (n / panel) * b_panel + k * b_row + n % panel, readable up to the end of the last vector.
struct Gemm {
  Index m = 0, n = 0, k = 0;
  const float* a = nullptr;
  Index a_row = 0, a_k = 1;  // one of the two is 1
  const float* b = nullptr;
  Index b_row = 0, b_panel = 0;
  float* c = nullptr;
  Index c_row = 0;
  bool accumulate = false;
};

// b of a Gemm from element (k, n) at source[k * k_stride + n * n_stride]; size packed_size().
struct PackPanels {
  Index k = 0, n = 0;
  const float* source = nullptr;
  Index k_stride = 0, n_stride = 0;
  float* panels = nullptr;
};

// out = act(scale * x + offset) * gate + addend. What is null is left out. slope: act' is written there, too, as rows.
// Blocked form: `lines` rows of the map at once, of `rows` pixels each.
struct Normalize {
  Index rows = 0, channels = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float *scale = nullptr, *offset = nullptr, *gate = nullptr;  // (C)
  const float* addend = nullptr;                                     // rows, rows form only
  Index addend_row = 0;
  Activation activation = Activation::kIdentity;
  float* out = nullptr;
  Index out_row = 0;  // rows form
  Index lines = 1, out_line = 0,
        out_block = 0;  // blocked form: floats from one line, one channel block to the next
  float* slope = nullptr;
  Index slope_row = 0;
};

// sum[c] += x - shift[c], square[c] += (x - shift[c])^2.
struct ChannelSums {
  Index rows = 0, channels = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float* shift = nullptr;  // (C)
  double *sum = nullptr, *square = nullptr;
};

// d = (gradient * gate + constant) * act'(scale * x + offset); sum[c] += d, product[c] += d * (x - mean[c]). out may be
// gradient itself, or null when only the sums are wanted. gate null: 1, constant null: 0. slope: act' where it is known.
struct ActivationGradient {
  Index rows = 0, channels = 0;
  const float* gradient = nullptr;
  Index gradient_row = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float *gate = nullptr, *constant = nullptr;                  // (C)
  const float *scale = nullptr, *offset = nullptr, *mean = nullptr;  // (C)
  Activation activation = Activation::kIdentity;
  const float* slope = nullptr;
  Index slope_row = 0;
  float* out = nullptr;
  Index out_row = 0;
  double *sum = nullptr, *product = nullptr;  // null: no sums
};

// out = a * gradient + b * (x - mean) + c a channel: the backward pass of a batch norm. Blocked form: as Normalize.
struct NormGradient {
  Index rows = 0, channels = 0;
  const float* gradient = nullptr;
  Index gradient_row = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float *a = nullptr, *b = nullptr, *c = nullptr, *mean = nullptr;  // (C)
  float* out = nullptr;
  Index out_row = 0;
  Index lines = 1, out_line = 0, out_block = 0;
};

// sum[c] += sum over rows of x (y null) or of x * y.
struct DotRows {
  Index rows = 0, channels = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float* y = nullptr;
  Index y_row = 0;
  float* sum = nullptr;
};

// out = x * gate + y; gate null: 1, y null: 0.
struct CombineRows {
  Index rows = 0, channels = 0;
  const float* x = nullptr;
  Index x_row = 0;
  const float* gate = nullptr;  // (C)
  const float* y = nullptr;
  Index y_row = 0;
  float* out = nullptr;
  Index out_row = 0;
};

// Rows of outputs of one channel block of a depthwise convolution, on a blocked map padded at its sides:
//   out[r][p] = sum over i < taps_down, j < taps_across of  in[(r * stride + i) * in_row + (p * stride + j) * lanes] * w[i][j]
// where row r * stride + i of `in`, counted from map row `top`, is one of the map's `map_rows`; others are not read.
// taps_across 1..5 or 7 with stride 1; 3, 5, 7 with stride 2. out is in rows form, `valid` lanes of it are written.
struct DepthwiseRows {
  const float* in = nullptr;
  Index in_row = 0;
  Index top = 0, map_rows = 0;
  const float* weights = nullptr;  // (taps_down, taps_across, lanes)
  int taps_down = 0, taps_across = 0, stride = 1;
  Index rows = 0, pixels = 0;
  float* out = nullptr;
  Index out_row = 0, out_pixel = 0;
  int valid = 0;
};

// gradient of the weights: w[i][j] += sum over rows y, pixels p of in[..] * gradient[y][p], both blocked.
struct DepthwiseWeightGradient {
  const float* in = nullptr;  // top left of the window of the first output
  Index in_row = 0;
  const float* gradient = nullptr;
  Index gradient_row = 0;
  Index rows = 0, pixels = 0;
  int kernel = 3, stride = 1;
  float* weights = nullptr;  // (kernel, kernel, lanes)
};

// out[i] = 1 / (1 + exp(-x[i])) or act(x[i]).
struct Elementwise {
  Index count = 0;
  const float* x = nullptr;
  float* out = nullptr;
};

// One step of an optimizer over `count` parameters p, and of the moving average that follows them; g is the gradient
// times `gradient_factor` plus `weight_decay` * p, and gradients are 0 afterwards.
struct OptimizerStep {
  Index count = 0;
  float *parameters = nullptr, *gradients = nullptr, *momentum = nullptr;
  float* mean_square = nullptr;  // RMSProp only
  float* average = nullptr;      // average += share * (p - average); null: none
  float gradient_factor = 1, weight_decay = 0;
  float learning_rate = 0, momentum_decay = 0, mean_square_decay = 0, eps = 0, average_share = 0;
};

struct KernelTable {
  const char* name = "";
  int lanes = 0;    // floats a vector
  Index panel = 0;  // columns of a packed panel

  void (*gemm)(const Gemm&);
  void (*pack_panels)(const PackPanels&);
  void (*normalize_rows)(const Normalize&);
  void (*normalize_blocked)(const Normalize&);
  void (*channel_sums)(const ChannelSums&);
  void (*activation_gradient)(const ActivationGradient&);
  void (*norm_gradient_rows)(const NormGradient&);
  void (*norm_gradient_blocked)(const NormGradient&);
  void (*dot_rows)(const DotRows&);
  void (*combine_rows)(const CombineRows&);
  void (*depthwise_rows)(const DepthwiseRows&);
  void (*depthwise_weight_gradient)(const DepthwiseWeightGradient&);
  void (*sigmoid)(const Elementwise&);
  void (*sgd)(const OptimizerStep&);  // training/optimizer.h has the rules
  void (*rmsprop_tf)(const OptimizerStep&);

  // Inference, with maps of float or of bfloat16.
  const FinishedKernels<float>* float_maps = nullptr;
  const FinishedKernels<BFloat16>* bfloat16_maps = nullptr;

  template <class Element>
  const FinishedKernels<Element>& maps_of() const {
    if constexpr (std::is_same_v<Element, BFloat16>)
      return *bfloat16_maps;
    else
      return *float_maps;
  }

  Index padded(Index channels) const { return (channels + lanes - 1) / lanes * lanes; }
  Index blocks(Index channels) const { return (channels + lanes - 1) / lanes; }
  Index packed_size(Index k, Index n) const { return (n + panel - 1) / panel * panel * k; }
};

}  // namespace effnet::cpu
