// norm_finish.h's kernels. A block takes 32 channels.
#include "cuda/norm_finish.h"

#include "cuda/device/moments.h"
#include "cuda/device/part_sums.h"

namespace effnet::cuda {
namespace {

struct TwoSums {
  double first = 0, second = 0;
};

__global__ void __launch_bounds__(kJoinThreads, 1) norm_forward_finish_channels(const NormForwardFinish g) {
  auto* shared = static_cast<Moments<double>*>(dynamic_shared());
  const Index c = static_cast<Index>(blockIdx.x) * 32 + threadIdx.x % 32;
  const bool there = c < g.channels;
  const Moments<double> all = join_parts(
      shared, there ? g.parts : 0,
      [&](Index part) {
        const float* row = g.moments + part * 3 * g.channels + c;
        return Moments<double>{load_global<float>(row), load_global<float>(row + g.channels),
                               load_global<float>(row + 2 * g.channels)};
      },
      [](Moments<double>& sum, const Moments<double>& part) { sum.join(part); });
  if (threadIdx.x >= 32 || !there) return;
  const double mean = g.moments ? all.mean : load_global<float>(g.running_mean + c);
  const double variance = g.moments ? all.squares / all.count : load_global<float>(g.running_var + c);
  const double inverse = 1 / sqrt(variance + g.eps);
  const double scale = load_global<float>(g.weight + c) * inverse;
  store_global(g.mean + c, static_cast<float>(mean));
  store_global(g.inverse + c, static_cast<float>(inverse));
  store_global(g.scale + c, static_cast<float>(scale));
  store_global(g.offset + c, static_cast<float>(load_global<float>(g.bias + c) - mean * scale));
  if (!g.moments || !g.running_mean) return;
  const auto move = [&](float* running, double value) {
    const double before = load_global<float>(running + c);
    store_global(running + c, static_cast<float>((1 - g.momentum) * before + g.momentum * value));
  };
  move(g.running_mean, all.mean);
  move(g.running_var, all.squares / (all.count > 1 ? all.count - 1 : 1));
}

__global__ void __launch_bounds__(kJoinThreads, 1) norm_backward_finish_channels(const NormBackwardFinish g) {
  auto* shared = static_cast<TwoSums*>(dynamic_shared());
  const Index c = static_cast<Index>(blockIdx.x) * 32 + threadIdx.x % 32;
  const bool there = c < g.channels;
  const TwoSums all = join_parts(
      shared, there ? g.parts : 0,
      [&](Index part) {
        const float* row = g.sums + part * 2 * g.channels + c;
        return TwoSums{load_global<float>(row), load_global<float>(row + g.channels)};
      },
      [](TwoSums& sum, const TwoSums& part) {
        sum.first += part.first;
        sum.second += part.second;
      });
  if (threadIdx.x >= 32 || !there) return;
  const double inverse = load_global<float>(g.inverse + c), scale = load_global<float>(g.scale + c);
  const double rows = static_cast<double>(g.rows), of_weight = all.second * inverse;
  const double b = -scale * inverse * of_weight / rows;
  store_global(g.bias_gradient + c, static_cast<float>(all.first));
  store_global(g.weight_gradient + c, static_cast<float>(of_weight));
  store_global(g.a + c, static_cast<float>(scale));
  store_global(g.b + c, static_cast<float>(b));
  store_global(g.c + c, static_cast<float>(-scale * all.first / rows - b * load_global<float>(g.mean + c)));
}

unsigned blocks_of(Index channels) {
  return static_cast<unsigned>((channels + 31) / 32);
}

}  // namespace

void norm_forward_finish(const NormForwardFinish& work, Stream stream) {
  launch({.kernel = "norm_forward_finish_channels",
          .blocks_x = blocks_of(work.channels),
          .threads = kJoinThreads,
          .shared_bytes = kJoinThreads * sizeof(Moments<double>),
          .stream = stream},
         norm_forward_finish_channels, work);
}

void norm_backward_finish(const NormBackwardFinish& work, Stream stream) {
  launch({.kernel = "norm_backward_finish_channels",
          .blocks_x = blocks_of(work.channels),
          .threads = kJoinThreads,
          .shared_bytes = kJoinThreads * sizeof(TwoSums),
          .stream = stream},
         norm_backward_finish_channels, work);
}

}  // namespace effnet::cuda
