// Batch norm (arXiv 1502.03167) as the chains of kernels see it: its parameters, and the numbers a channel that a forward
// pass leaves.
#pragma once

#include "cuda/carver.h"
#include "cuda/work.h"

namespace effnet::cuda {

struct NormWeights {
  const float *weight = nullptr, *bias = nullptr;         // (C)
  float *running_mean = nullptr, *running_var = nullptr;  // (C), moved by training
  double eps = 1e-3;
  double momentum = 0.01;  // running = (1 - m) * running + m * batch, the variance unbiased
};

enum class Statistics { kBatch, kRunning };

struct NormGradients {
  float *weight = nullptr, *bias = nullptr;  // (C), written
};

// z = scale * y + offset, x^ = (y - mean) * inverse: (4, C) floats.
struct NormState {
  float *mean = nullptr, *inverse = nullptr, *scale = nullptr, *offset = nullptr;

  static Index size(Index channels) { return 4 * channels; }
  static NormState in(float* memory, Index channels) {
    return {memory, memory + channels, memory + 2 * channels, memory + 3 * channels};
  }
};

// How a chain takes its input where that is raw, as a convolution left it: it applies that convolution's norm and activation
// as it reads. Without a norm the input is finished.
struct RawInput {
  NormState norm;
  kernels::Activation activation = kernels::Activation::kIdentity;

  explicit operator bool() const { return norm.scale != nullptr; }
};

// The norm behind a convolution that left moments in `parts` rows; none: that of the running statistics. Fills `state`.
NormForwardFinish finish_of(const NormWeights& norm, const NormState& state, Index channels, Index parts,
                            const float* moments);

// Appends a convolution and the norm behind it, from the batch's moments or from the running statistics.
template <class Convolution>
void add_with_norm(WorkList& list, Carver& memory, Convolution work, Index parts, Index channels,
                   const NormWeights& norm, const NormState& state, Statistics statistics) {
  const std::size_t used = memory.used();
  const bool batch = statistics == Statistics::kBatch;
  if (batch) work.moments = memory.take<float>(parts * 3 * channels);
  list.push_back(work);
  list.push_back(finish_of(norm, state, channels, batch ? parts : 0, work.moments));
  memory.free_after(used);
}

// dy = a * d + b * y + c, (C) each.
struct NormFactors {
  float *a = nullptr, *b = nullptr, *c = nullptr;
};

NormFactors take_factors(Carver& memory, Index channels);

// Joins `parts` rows of sums of d and d * (y - mean) over `rows` values a channel.
NormBackwardFinish finish_of(const NormState& state, const NormGradients& gradients,
                             const NormFactors& factors, Index channels, Index rows, Index parts,
                             const float* sums);

// The way back through the end of a block or convolution, from the gradient of its output to that of what its norm put out.
struct OutputGradient {
  const void* d = nullptr;  // the output's own gradient where nothing changes it
  NormFactors factors;
};

// Appends it. `work` is without what is written; its map of d is in `memory`.
OutputGradient add_output_backward(WorkList& list, Carver& memory, BlockOutputBackward work,
                                   const NormState& state, const NormGradients& gradients);

}  // namespace effnet::cuda
