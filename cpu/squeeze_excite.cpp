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
  const auto packed = [&](Index k, Index n, const float* source, PackedMatrix::Source order) {
    return PackedMatrix(kernels, k, n, source, order, carver.take(kernels.packed_size(k, n)));
  };
  if (pass == Pass::kForward) {
    to_squeezed_ = packed(wide, narrow, weights.reduce, PackedMatrix::Source::kTransposed);
    to_wide_ = packed(narrow, wide, weights.gate, PackedMatrix::Source::kTransposed);
  } else {
    to_squeezed_ = packed(wide, narrow, weights.gate, PackedMatrix::Source::kPlain);
    to_wide_ = packed(narrow, wide, weights.reduce, PackedMatrix::Source::kPlain);
  }
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
  to_squeezed_.multiply(pictures, {pooled, wide}, {squeezed, narrow}, Sum::kContinue);
  activate(pictures, squeezed, work);
  fill_rows(pictures, wide, weights_.gate_bias, gate);
  to_wide_.multiply(pictures, {work, narrow}, {gate, wide}, Sum::kContinue);
  kernels_.sigmoid({.count = pictures * wide, .x = gate, .out = gate});
}

void SqueezeExcite::backward(Index pictures, const float* squeezed, const float* gate, float* gate_gradient,
                             float* squeezed_gradient, float* pooled_gradient, float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels;
  for (Index i = 0; i < pictures * wide; ++i) gate_gradient[i] *= gate[i] * (1 - gate[i]);
  to_squeezed_.multiply(pictures, {gate_gradient, wide}, {squeezed_gradient, narrow});
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
  to_wide_.multiply(pictures, {squeezed_gradient, narrow}, {pooled_gradient, wide});
}

void SqueezeExcite::weight_gradients(const ParallelFor& parallel, const float* pooled, const float* squeezed,
                                     const float* gate_gradient, const float* squeezed_gradient,
                                     const MBConvGradients& gradients, float* work) const {
  const Index wide = shape_.expanded(), narrow = shape_.squeezed_channels, pictures = shape_.batch();
  // b's rows are read up to the end of their last vector: they lie with room behind them.
  const auto product = [&](const float* a, Index m, const float* b, Index n, float* c) {
    multiply_transposed(kernels_, pictures, {a, m}, m, {b, n}, n, {c, n}, Sum::kStart);
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
