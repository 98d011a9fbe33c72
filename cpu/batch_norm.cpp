#include "cpu/batch_norm.h"

#include <algorithm>
#include <cmath>

namespace effnet::cpu {
namespace {

std::size_t as_size(Index n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

ChannelMoments::ChannelMoments(Index channels, Index tasks)
    : channels_(channels),
      sum_(as_size(channels * tasks)),
      square_(as_size(channels * tasks)),
      count_(as_size(channels * tasks)),
      shift_(as_size(channels * tasks)) {}

void ChannelMoments::add(const KernelTable& kernels, Index task, const float* rows, Index count) {
  add(kernels, task, rows, count, {0, channels_});
}

void ChannelMoments::add(const KernelTable& kernels, Index task, const float* rows, Index count,
                         Range channels) {
  if (count == 0) return;
  const Index first = task * channels_ + channels.first;
  rows += channels.first;
  float* shift = shift_.data() + first;
  if (count_[as_size(first)] == 0) std::copy_n(rows, channels.size(), shift);
  kernels.channel_sums({.rows = count,
                        .channels = channels.size(),
                        .x = rows,
                        .x_row = channels_,
                        .shift = shift,
                        .sum = sum_.data() + first,
                        .square = square_.data() + first});
  for (Index c = 0; c < channels.size(); ++c) count_[as_size(first + c)] += static_cast<double>(count);
}

ChannelMoments::Result ChannelMoments::joined() const {
  Result all{std::vector<double>(as_size(channels_)), std::vector<double>(as_size(channels_)), 0};
  for (std::size_t c = 0; c < as_size(channels_); ++c) {
    double count = 0, mean = 0, squares = 0;
    for (std::size_t at = c; at < count_.size(); at += as_size(channels_)) {
      const double n = count_[at];
      if (n == 0) continue;
      const double of_task = static_cast<double>(shift_[at]) + sum_[at] / n, apart = of_task - mean;
      squares +=
          std::max(0.0, square_[at] - sum_[at] * sum_[at] / n) + apart * apart * count * n / (count + n);
      mean += apart * n / (count + n);
      count += n;
    }
    all.mean[c] = mean;
    all.variance[c] = squares / count;
    all.count = count;
  }
  return all;
}

namespace {

void fill_state(std::size_t c, double mean, double variance, const BatchNormWeights& norm,
                BatchNormState state) {
  const double inverse = 1 / std::sqrt(variance + norm.eps),
               scale = static_cast<double>(norm.weight[c]) * inverse;
  state.mean[c] = static_cast<float>(mean);
  state.inverse[c] = static_cast<float>(inverse);
  state.scale[c] = static_cast<float>(scale);
  state.offset[c] = static_cast<float>(static_cast<double>(norm.bias[c]) - mean * scale);
}

}  // namespace

void finish_statistics(const ChannelMoments::Result& batch, const BatchNormWeights& norm,
                       BatchNormState state) {
  const double unbiased = batch.count / std::max(1.0, batch.count - 1);
  for (std::size_t c = 0; c < batch.mean.size(); ++c) {
    fill_state(c, batch.mean[c], batch.variance[c], norm, state);
    const auto move = [&](float& running, double value) {
      running =
          static_cast<float>((1 - norm.momentum) * static_cast<double>(running) + norm.momentum * value);
    };
    move(norm.running_mean[c], batch.mean[c]);
    move(norm.running_var[c], batch.variance[c] * unbiased);
  }
}

void finish_statistics(Statistics statistics, const ChannelMoments& moments, const BatchNormWeights& norm,
                       BatchNormState state) {
  if (statistics == Statistics::kBatch) return finish_statistics(moments.joined(), norm, state);
  for (std::size_t c = 0; c < as_size(moments.channels()); ++c)
    fill_state(c, static_cast<double>(norm.running_mean[c]), static_cast<double>(norm.running_var[c]), norm,
               state);
}

BatchNormGradient::BatchNormGradient(Index channels, Index tasks)
    : channels_(channels),
      tasks_(tasks),
      sums_(as_size(2 * channels * tasks)),
      factors_(as_size(3 * channels)) {}

void BatchNormGradient::finish(const BatchNormState& state, Index rows, float* weight_gradient,
                               float* bias_gradient) {
  for (Index task = 1; task < tasks_; ++task) {
    for (Index i = 0; i < 2 * channels_; ++i) sums_[as_size(i)] += sum(task)[i];
  }
  const auto count = static_cast<double>(rows);
  for (Index c = 0; c < channels_; ++c) {
    const double scale = static_cast<double>(state.scale[c]), inverse = static_cast<double>(state.inverse[c]);
    const double of_bias = sums_[as_size(c)], of_weight = sums_[as_size(channels_ + c)] * inverse;
    bias_gradient[c] = static_cast<float>(of_bias);
    weight_gradient[c] = static_cast<float>(of_weight);
    factors_[as_size(c)] = static_cast<float>(scale);
    factors_[as_size(channels_ + c)] = static_cast<float>(-scale * inverse * of_weight / count);
    factors_[as_size(2 * channels_ + c)] = static_cast<float>(-scale * of_bias / count);
  }
}

}  // namespace effnet::cpu
