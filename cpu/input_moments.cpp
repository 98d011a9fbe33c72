#include "cpu/input_moments.h"

#include <algorithm>

#include "cpu/row_tiles.h"

namespace effnet::cpu {
namespace {

constexpr Index kTileRows = 256;  // as many terms as float may sum

std::size_t as_size(Index n) {
  return static_cast<std::size_t>(n);
}

// Sums of one task about its first row, which keeps the products from cancelling.
struct TaskSums {
  double count = 0;
  std::vector<double> shift, sum, products;  // (C), (C), (C, C)
};

struct Work {
  float *shifted, *products, *minus;  // x - shift of a tile, (C, C), -shift
};

}  // namespace

void measure_input(const Execution& execution, const float* x, Index rows, Index channels, Index pictures,
                   InputMoments moments) {
  const KernelTable& k = execution.kernels;
  const Index C = channels, padded = k.padded(C);
  const PictureTasks tasks(pictures, rows / pictures);
  const auto lay_out = [&](Carver& carver) {
    return Work{carver.take(kTileRows * padded), carver.take(C * padded), carver.take(C)};
  };
  execution.workspace.reserve(execution.parallel.workers, room_of(lay_out), 0);
  std::vector<TaskSums> sums(as_size(tasks.tasks));
  execution.parallel.run(tasks.tasks, [&](Index task, int worker) {
    Carver carver(execution.workspace.of_worker(worker));
    const auto [shifted, products, minus] = lay_out(carver);
    TaskSums& of = sums[as_size(task)];
    of.shift.resize(as_size(C));
    of.sum.resize(as_size(C));
    of.products.resize(as_size(C * C));
    const Range own = tasks.of(task);
    const float* first = x + own.first * tasks.rows * C;
    for (Index c = 0; c < C; ++c) {
      of.shift[as_size(c)] = static_cast<double>(first[c]);
      minus[c] = -first[c];
    }
    each_piece_of({own.first * tasks.rows, own.last * tasks.rows}, kTileRows, [&](Range tile) {
      // x - shift as a batch norm of scale 1 would make it.
      k.normalize_rows({.rows = tile.size(),
                        .channels = C,
                        .x = x + tile.first * C,
                        .x_row = C,
                        .offset = minus,
                        .out = shifted,
                        .out_row = padded});
      k.gemm({.m = C,
              .n = C,
              .k = tile.size(),
              .a = shifted,
              .a_row = 1,
              .a_k = padded,
              .b = shifted,
              .b_row = padded,
              .b_panel = k.panel,
              .c = products,
              .c_row = C});
      for (Index i = 0; i < C * C; ++i) of.products[as_size(i)] += static_cast<double>(products[i]);
      std::fill_n(products, C, 0.0f);
      k.dot_rows({.rows = tile.size(), .channels = C, .x = shifted, .x_row = padded, .sum = products});
      for (Index c = 0; c < C; ++c) of.sum[as_size(c)] += static_cast<double>(products[c]);
      of.count += static_cast<double>(tile.size());
    });
  });

  std::vector<double> mean(as_size(C)), covariance(as_size(C * C));
  const auto count = static_cast<double>(rows);
  for (const TaskSums& of : sums) {
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += (of.shift[c] * of.count + of.sum[c]) / count;
  }
  for (const TaskSums& of : sums) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      const double own_i = of.sum[i] / of.count, apart_i = of.shift[i] + own_i - mean[i];
      for (std::size_t j = 0; j < mean.size(); ++j) {
        const double own_j = of.sum[j] / of.count, apart_j = of.shift[j] + own_j - mean[j];
        covariance[i * mean.size() + j] +=
            (of.products[i * mean.size() + j] + of.count * (apart_i * apart_j - own_i * own_j)) / count;
      }
    }
  }
  std::transform(mean.begin(), mean.end(), moments.mean, [](double v) { return static_cast<float>(v); });
  std::transform(covariance.begin(), covariance.end(), moments.covariance,
                 [](double v) { return static_cast<float>(v); });
}

void statistics_of_product(const Execution& execution, const InputMoments& moments, Index rows,
                           Index channels, const float* weights, Index out_channels,
                           const BatchNormWeights& norm, BatchNormState state) {
  ChannelMoments::Result batch{std::vector<double>(as_size(out_channels)),
                               std::vector<double>(as_size(out_channels)), static_cast<double>(rows)};
  constexpr Index kChunk = 16;  // outputs a task
  execution.parallel.run((out_channels + kChunk - 1) / kChunk, [&](Index chunk, int) {
    std::vector<double> row(as_size(channels));  // a row of W Cov(x)
    for (Index e = chunk * kChunk; e < std::min((chunk + 1) * kChunk, out_channels); ++e) {
      const float* w = weights + e * channels;
      std::fill(row.begin(), row.end(), 0.0);
      for (Index j = 0; j < channels; ++j) {
        const auto weight = static_cast<double>(w[j]);
        for (Index i = 0; i < channels; ++i)
          row[as_size(i)] += weight * static_cast<double>(moments.covariance[j * channels + i]);
      }
      double mean = 0, variance = 0;
      for (Index i = 0; i < channels; ++i) {
        variance += row[as_size(i)] * static_cast<double>(w[i]);
        mean += static_cast<double>(moments.mean[i]) * static_cast<double>(w[i]);
      }
      batch.mean[as_size(e)] = mean;
      batch.variance[as_size(e)] = std::max(variance, 0.0);
    }
  });
  finish_statistics(batch, norm, state);
}

}  // namespace effnet::cpu
