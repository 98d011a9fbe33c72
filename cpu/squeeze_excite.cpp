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
  return Carver::size_of(kernels.packed_size(wide, narrow)) +
         Carver::size_of(kernels.packed_size(narrow, wide));
}

SqueezeExcite::SqueezeExcite(const KernelTable& kernels, const MBConvShape& shape,
                             const MBConvWeights& weights, Pass pass, float* memory)
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
  const bool forward = pass == Pass::kForward;
  to_squeezed_ =
      forward ? packed(wide, narrow, weights.reduce, 1, wide) : packed(wide, narrow, weights.gate, narrow, 1);
  to_wide_ =
      forward ? packed(narrow, wide, weights.gate, 1, narrow) : packed(narrow, wide, weights.reduce, wide, 1);
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
                 .b = to_squeezed_,
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
                 .b = to_wide_,
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
                 .b = to_squeezed_,
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
                 .b = to_wide_,
                 .b_row = kernels_.panel,
                 .b_panel = kernels_.panel * narrow,
                 .c = pooled_gradient,
                 .c_row = wide});
}

void SqueezeExcite::weight_gradients(const ParallelFor& parallel, const float* pooled, const float* squeezed,
                                     const float* gate_gradient, const float* squeezed_gradient,
                                     const MBConvGradients& gradients, float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels, pictures = shape_.batch();
  // b's rows are read up to the end of their last vector: they lie with room behind them.
  const auto product = [&](const float* a, Index m, const float* b, Index n, float* c) {
    kernels_.gemm({.m = m,
                   .n = n,
                   .k = pictures,
                   .a = a,
                   .a_row = 1,
                   .a_k = m,
                   .b = b,
                   .b_row = n,
                   .b_panel = kernels_.panel,
                   .c = c,
                   .c_row = n});
  };
  parallel.run(2, [&](Index task, int) {
    if (task == 0) {
      activate(pictures, squeezed, work);
      product(gate_gradient, wide, work, narrow, gradients.gate);
      sum_rows(pictures, wide, gate_gradient, gradients.gate_bias);
    } else {
      product(squeezed_gradient, narrow, pooled, wide, gradients.reduce);
      sum_rows(pictures, narrow, squeezed_gradient, gradients.reduce_bias);
    }
  });
}

}  // namespace effnet::cpu
