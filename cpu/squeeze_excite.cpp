#include "cpu/squeeze_excite.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

void fill_rows(Index rows, Index channels, const float* row, float* out) {
  for (Index i = 0; i < rows; ++i) std::copy_n(row, channels, out + i * channels);
}

void sum_rows(Index rows, Index channels, const float* x, float* sum) {
  std::fill_n(sum, channels, 0.0f);
  for (Index i = 0; i < rows; ++i) {
    for (Index c = 0; c < channels; ++c) sum[c] += x[i * channels + c];
  }
}

}  // namespace

Index SqueezeExcite::size(const KernelTable& kernels, const MBConvShape& shape) {
  if (!shape.squeezes()) return 0;
  const Index wide = shape.expanded(), narrow = shape.squeezed_channels;
  return 2 * Carver::size_of(kernels.packed_size(wide, narrow)) +
         2 * Carver::size_of(kernels.packed_size(narrow, wide));
}

SqueezeExcite::SqueezeExcite(const KernelTable& kernels, const MBConvShape& shape,
                             const MBConvWeights& weights, float* memory)
    : kernels_(kernels), shape_(shape), weights_(weights) {
  if (!shape.squeezes()) return;
  const Index wide = shape.expanded(), narrow = shape.squeezed_channels;
  Carver carver(memory);
  const auto packed = [&](Index k, Index n, const float* source, Index k_stride, Index n_stride) {
    float* panels = carver.take(kernels.packed_size(k, n));
    kernels.pack_panels(
        {.k = k, .n = n, .source = source, .k_stride = k_stride, .n_stride = n_stride, .panels = panels});
    return panels;
  };
  reduce_ = packed(wide, narrow, weights.reduce, 1, wide);
  gate_ = packed(narrow, wide, weights.gate, 1, narrow);
  gate_back_ = packed(wide, narrow, weights.gate, narrow, 1);
  reduce_back_ = packed(narrow, wide, weights.reduce, wide, 1);
}

void SqueezeExcite::activate(Index pictures, const float* squeezed, float* out) const {
  kernels_.normalize_rows({.rows = pictures,
                           .channels = shape_.squeezed_channels,
                           .x = squeezed,
                           .x_row = shape_.squeezed_channels,
                           .activation = shape_.activation,
                           .out = out,
                           .out_row = shape_.squeezed_channels});
}

void SqueezeExcite::forward(Index pictures, const float* pooled, float* squeezed, float* gate,
                            float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels;
  fill_rows(pictures, narrow, weights_.reduce_bias, squeezed);
  kernels_.gemm({.m = pictures,
                 .n = narrow,
                 .k = wide,
                 .a = pooled,
                 .a_row = wide,
                 .b = reduce_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * wide,
                 .c = squeezed,
                 .c_row = narrow,
                 .accumulate = true});
  activate(pictures, squeezed, work);
  fill_rows(pictures, wide, weights_.gate_bias, gate);
  kernels_.gemm({.m = pictures,
                 .n = wide,
                 .k = narrow,
                 .a = work,
                 .a_row = narrow,
                 .b = gate_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * narrow,
                 .c = gate,
                 .c_row = wide,
                 .accumulate = true});
  kernels_.sigmoid({.count = pictures * wide, .x = gate, .out = gate});
}

void SqueezeExcite::backward(Index pictures, const float* squeezed, const float* gate, float* gate_gradient,
                             float* squeezed_gradient, float* pooled_gradient, float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels;
  for (Index i = 0; i < pictures * wide; ++i) gate_gradient[i] *= gate[i] * (1 - gate[i]);
  kernels_.gemm({.m = pictures,
                 .n = narrow,
                 .k = wide,
                 .a = gate_gradient,
                 .a_row = wide,
                 .b = gate_back_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * wide,
                 .c = squeezed_gradient,
                 .c_row = narrow});
  // As a batch norm that changes nothing: scale 1, offset 0.
  float *ones = work, *zeros = work + narrow;
  std::fill_n(ones, narrow, 1.0f);
  std::fill_n(zeros, narrow, 0.0f);
  kernels_.activation_gradient({.rows = pictures,
                                .channels = narrow,
                                .gradient = squeezed_gradient,
                                .gradient_row = narrow,
                                .x = squeezed,
                                .x_row = narrow,
                                .scale = ones,
                                .offset = zeros,
                                .mean = zeros,
                                .activation = shape_.activation,
                                .out = squeezed_gradient,
                                .out_row = narrow});
  kernels_.gemm({.m = pictures,
                 .n = wide,
                 .k = narrow,
                 .a = squeezed_gradient,
                 .a_row = narrow,
                 .b = reduce_back_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * narrow,
                 .c = pooled_gradient,
                 .c_row = wide});
}

void SqueezeExcite::weight_gradients(const float* pooled, const float* squeezed, const float* gate_gradient,
                                     const float* squeezed_gradient, const MBConvGradients& gradients,
                                     float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels, pictures = shape_.batch();
  activate(pictures, squeezed, work);
  // b's rows are read up to the end of their last vector: they lie with room behind them.
  kernels_.gemm({.m = wide,
                 .n = narrow,
                 .k = pictures,
                 .a = gate_gradient,
                 .a_row = 1,
                 .a_k = wide,
                 .b = work,
                 .b_row = narrow,
                 .b_panel = kernels_.panel,
                 .c = gradients.gate,
                 .c_row = narrow});
  kernels_.gemm({.m = narrow,
                 .n = wide,
                 .k = pictures,
                 .a = squeezed_gradient,
                 .a_row = 1,
                 .a_k = narrow,
                 .b = pooled,
                 .b_row = wide,
                 .b_panel = kernels_.panel,
                 .c = gradients.reduce,
                 .c_row = wide});
  sum_rows(pictures, wide, gate_gradient, gradients.gate_bias);
  sum_rows(pictures, narrow, squeezed_gradient, gradients.reduce_bias);
}

}  // namespace effnet::cpu
