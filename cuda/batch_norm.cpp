#include "cuda/batch_norm.h"

namespace effnet::cuda {

NormFactors take_factors(Carver& memory, Index channels) {
  return {memory.take<float>(channels), memory.take<float>(channels), memory.take<float>(channels)};
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

}  // namespace effnet::cuda
