#include "cuda/batch_norm.h"

namespace effnet::cuda {

NormFactors take_factors(Carver& memory, Index channels) {
  return {memory.take<float>(channels), memory.take<float>(channels), memory.take<float>(channels)};
}

NormForwardFinish finish_of(const NormWeights& norm, const NormState& state, Index channels, Index parts,
                            const float* moments) {
  return {.channels = channels,
          .parts = parts,
          .moments = moments,
          .weight = norm.weight,
          .bias = norm.bias,
          .running_mean = norm.running_mean,
          .running_var = norm.running_var,
          .eps = norm.eps,
          .momentum = norm.momentum,
          .mean = state.mean,
          .inverse = state.inverse,
          .scale = state.scale,
          .offset = state.offset};
}

NormBackwardFinish finish_of(const NormState& state, const NormGradients& gradients,
                             const NormFactors& factors, Index channels, Index rows, Index parts,
                             const float* sums) {
  return {.channels = channels,
          .parts = parts,
          .rows = rows,
          .sums = sums,
          .mean = state.mean,
          .inverse = state.inverse,
          .scale = state.scale,
          .weight_gradient = gradients.weight,
          .bias_gradient = gradients.bias,
          .a = factors.a,
          .b = factors.b,
          .c = factors.c};
}

OutputGradient add_output_backward(WorkList& list, Carver& memory, BlockOutputBackward work,
                                   const NormState& state, const NormGradients& gradients) {
  const Index rows = work.shape.rows(), channels = work.shape.channels;
  const bool passes = !work.keep && work.activation == kernels::Activation::kIdentity;
  if (!passes)
    work.y_gradient = memory.take<std::byte>(rows * channels * static_cast<Index>(bytes_of(work.storage)));
  work.scale = state.scale;
  work.offset = state.offset;
  work.mean = state.mean;
  const Index parts = output_parts(work.shape, work.storage);
  work.sums = memory.take<float>(parts * 2 * channels);
  list.push_back(work);
  const NormFactors factors = take_factors(memory, channels);
  list.push_back(finish_of(state, gradients, factors, channels, rows, parts, work.sums));
  return {passes ? work.out_gradient : work.y_gradient, factors};
}

}  // namespace effnet::cuda
