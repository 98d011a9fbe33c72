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
  count_[as_size(first)] += static_cast<double>(count);
}

ChannelMoments::Result ChannelMoments::joined() const {
  const std::size_t channels = as_size(channels_);
  Result all{std::vector<double>(channels), std::vector<double>(channels), 0};
  for (std::size_t task = 0; task < count_.size(); task += channels) {
    const double n = count_[task];
    if (n == 0) continue;
    const double share = n / (all.count + n), weight = all.count * share, inverse = 1 / n;
    for (std::size_t c = 0; c < channels; ++c) {
      const double shifted = sum_[task + c] * inverse;
      const double apart = static_cast<double>(shift_[task + c]) + shifted - all.mean[c];
      all.variance[c] += std::max(0.0, square_[task + c] - sum_[task + c] * shifted) + apart * apart * weight;
      all.mean[c] += apart * share;
    }
    all.count += n;
  }
  for (double& variance : all.variance) variance /= all.count;
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
