// Batch norm (arXiv 1502.03167) between kernels: statistics out of channel sums, and the few numbers a channel that the
// loops over maps apply.
#pragma once

#include <vector>

#include "cpu/parallel_for.h"

namespace effnet::cpu {

// Of one batch norm, (C) each.
struct BatchNormWeights {
  const float *weight = nullptr, *bias = nullptr;
  float *running_mean = nullptr, *running_var = nullptr;  // changed while training
  double eps = 1e-3;
  double momentum = 0.01;  // running = (1 - m) * running + m * batch, the variance unbiased
};

// What a forward pass leaves for the loops and for the backward pass: four rows of C floats,
// z = scale * y + offset, x^ = (y - mean) * inverse.
struct BatchNormState {
  float *mean = nullptr, *inverse = nullptr, *scale = nullptr, *offset = nullptr;

  static Index size(Index channels) { return 4 * channels; }
  static BatchNormState in(float* memory, Index channels) {
    return {memory, memory + channels, memory + 2 * channels, memory + 3 * channels};
  }
};

// Sums a channel of every task, joined in the tasks' order.
class ChannelMoments {
 public:
  ChannelMoments(Index channels, Index tasks);

  // Adds rows of (C) of a task, of `channels` of them or all; the task's first row is the shift that keeps the squares
  // from cancelling. Ranges of channels do not overlap, and in the end all have had as many rows.
  void add(const KernelTable& kernels, Index task, const float* rows, Index count);
  void add(const KernelTable& kernels, Index task, const float* rows, Index count, Range channels);

  // Mean and biased variance a channel by the pairwise rule of Chan, Golub and LeVeque (1983).
  struct Result {
    std::vector<double> mean, variance;
    double count = 0;  // values a channel
  };
  Result joined() const;
  Index channels() const { return channels_; }

 private:
  Index channels_;
  std::vector<double> sum_, square_;  // (tasks, C)
  std::vector<double> count_;         // (tasks, C), at the first channel of a range
  std::vector<float> shift_;          // (tasks, C)
};

enum class Statistics { kBatch, kRunning };

// Fills the state from the batch's mean and variance, and moves the running statistics.
void finish_statistics(const ChannelMoments::Result& batch, const BatchNormWeights& norm,
                       BatchNormState state);

// Fills the state: from the batch's moments, which also move the running statistics, or from the running ones.
void finish_statistics(Statistics statistics, const ChannelMoments& moments, const BatchNormWeights& norm,
                       BatchNormState state);

// The backward pass: sums of d and d * (y - mean) a channel by task, then dy = a * d + b * (y - mean) + c.
class BatchNormGradient {
 public:
  BatchNormGradient(Index channels, Index tasks);

  double* sum(Index task) { return sums_.data() + task * 2 * channels_; }
  double* product(Index task) { return sum(task) + channels_; }

  // weight_gradient and bias_gradient (C) are written.
  void finish(const BatchNormState& state, Index rows, float* weight_gradient, float* bias_gradient);

  const float* a() const { return factors_.data(); }
  const float* b() const { return factors_.data() + channels_; }
  const float* c() const { return factors_.data() + 2 * channels_; }

 private:
  Index channels_, tasks_;
  std::vector<double> sums_;    // (tasks, 2, C)
  std::vector<float> factors_;  // (3, C)
};

}  // namespace effnet::cpu
