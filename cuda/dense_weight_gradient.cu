// dense_weight_gradient.h's kernels. A block walks through strips of all pixels of y with one panel of its channels and
// one chunk of x's. For each row of strips it brings in dy once and x under each tap of its row of the kernel, and
// multiplies the one with the other; the sums over all rows stay in registers to the end.
//
//   registers                   16 sums a lane for each tap of 64 x 64 weights, windows 12
//   of 128 x 64 of x, a tap     a product of 64 x 64 x 128, one barrier
#include "cuda/dense_weight_gradient.h"

#include "cuda/device/panel_product.h"
#include "cuda/device/weight_parts.h"
#include "cuda/device/window_strip.h"

namespace effnet::cuda {
namespace {

struct WeightGradientArguments {
  DensePlan plan;
  DenseGeometry geometry;
  int in_channels, out_channels;
  Activation activation;
  const void *y_gradient, *y;
  NormSlope norm;
  const void* x;
  const float *scale, *offset;
  float* weight_parts;
};

// The place of a block among those that work on the same rows of y.
struct Share {
  int panel, chunk, kernel_row;

  __device__ __forceinline__ explicit Share(const WeightGradientArguments& g) {
    const int pair = static_cast<int>(blockIdx.x) / g.geometry.kernel;
    kernel_row = static_cast<int>(blockIdx.x) - pair * g.geometry.kernel;
    panel = pair / g.plan.chunks;
    chunk = pair - panel * g.plan.chunks;
  }
};

// Of a panel of a tap's weights a warp has 16 rows of y's channels and some tiles of x's.
template <class T>
constexpr int kRowTiles = kPanel<T> / 16;
template <class T>
constexpr int kOwnTiles = kPanel<T> / 8 * kRowTiles<T> / kStripsABlock;

template <class T, int kTaps>
__device__ __forceinline__ void store_part(const WeightGradientArguments& g, const Share& share, int tiles,
                                           const float (&sums)[kTaps][kOwnTiles<T>][4]) {
  const int row_tile = warp_of() % kRowTiles<T>, first_tile = warp_of() / kRowTiles<T> * kOwnTiles<T>;
  const int first_row = share.panel * kPanel<T> + 16 * row_tile + lane_of() / 4;
  const int first_column = share.chunk * g.plan.width + 8 * first_tile + 2 * (lane_of() % 4);
  float* part = g.weight_parts +
                static_cast<Index>(blockIdx.y) * g.out_channels * kTaps * kTaps * g.in_channels +
                first_column;
#pragma unroll
  for (int tap = 0; tap < kTaps; ++tap) {
#pragma unroll
    for (int tile = 0; tile < kOwnTiles<T>; ++tile) {
#pragma unroll
      for (int below = 0; below < 2; ++below) {
        const int row = first_row + 8 * below;
        if (row >= g.out_channels || first_tile + tile >= tiles) continue;
        const float two[2] = {sums[tap][tile][2 * below], sums[tap][tile][2 * below + 1]};
        const Index tap_of_row = (static_cast<Index>(row) * kTaps + share.kernel_row) * kTaps + tap;
        store_global(part + (tap_of_row * g.in_channels + 8 * tile), pack<float, 2>(two));
      }
    }
  }
}

// Blocks that a processor must have registers for.
template <class T>
constexpr int weight_gradient_blocks(int taps) {
  return taps * kOwnTiles<T> > 12 ? 1 : 2;
}

// kTaps: of a row of the kernel.
template <class T, int kTaps>
__global__ void __launch_bounds__(32 * kStripsABlock, weight_gradient_blocks<T>(kTaps))
    dense_weight_gradient_strips(const WeightGradientArguments g) {
  constexpr int kBlockPanel = kBlockRows * kPanel<T>;
  const Share share(g);
  const int first_y = share.panel * kPanel<T>, first_x = share.chunk * g.plan.width;
  const int width = g.in_channels - first_x < g.plan.width ? g.in_channels - first_x : g.plan.width;
  const int row_tile = warp_of() % kRowTiles<T>, first_tile = warp_of() / kRowTiles<T> * kOwnTiles<T>;
  auto* all_d = static_cast<T*>(dynamic_shared());  // (2, 128, panel), becomes dy
  T* all_x = all_d + 2 * kBlockPanel;               // (2, 128, panel), becomes x1
  T* all_y = all_x + 2 * kBlockPanel;               // (128, panel), finished before the next is asked for
  const auto own = [&](T* maps, int buffer) {
    return maps + buffer * kBlockPanel + warp_of() * kStripRows * kPanel<T>;
  };
  const WindowMap<T> x{static_cast<const T*>(g.x), g.geometry.height, g.geometry.width, g.in_channels};
  const auto windows = [&](const Strip& strip) {
    return window_rows(x, strip, [&](int row) { return window_of_output(g.geometry, row); });
  };
  const auto ask_for_gradient = [&](const Strip& strip, int buffer) {
    ask_for_strip(own(all_d, buffer), static_cast<const T*>(g.y_gradient), strip, g.out_channels, first_y);
    if (g.norm.a) ask_for_strip(own(all_y, 0), static_cast<const T*>(g.y), strip, g.out_channels, first_y);
  };
  // The pieces that ask_for_strip() finds inside.
  const auto inside_of = [&](const Strip& strip) {
    unsigned inside = 0;
    for (int i = 0; i < kStripPieces; ++i) inside |= row_of_lane(i) < strip.rows ? 1u << i : 0u;
    return first_y + piece_of_lane() * kVector<T> < g.out_channels ? inside : 0u;
  };

  const int numbers = g.plan.walk.rounds * g.plan.walk.strips;
  float sums[kTaps][kOwnTiles<T>][4] = {};
  Strip strip = strip_of(g.plan.walk, 0);
  WindowRows rows = windows(strip);
  ask_for_gradient(strip, 0);
  unsigned inside = ask_for_tap(own(all_x, 0), x, rows, share.kernel_row, 0, first_x, width);
  int buffer = 0;
  for (int number = 0; number < numbers; ++number) {
    const int of_d = number & 1;
#pragma unroll 1
    for (int tap = 0; tap < kTaps; ++tap) {
      wait_for_copies();
      if (tap == 0) finish_gradient(own(all_d, of_d), own(all_y, 0), inside_of(strip), g.norm, first_y);
      finish_values(own(all_x, buffer), inside, g.scale, g.offset, g.activation, first_x);
      __syncthreads();
      if (tap + 1 < kTaps) {
        inside = ask_for_tap(own(all_x, 1 - buffer), x, rows, share.kernel_row, tap + 1, first_x, width);
      } else if (number + 1 < numbers) {
        strip = strip_of(g.plan.walk, number + 1);
        rows = windows(strip);
        ask_for_gradient(strip, 1 - of_d);
        inside = ask_for_tap(own(all_x, 1 - buffer), x, rows, share.kernel_row, 0, first_x, width);
      }
#pragma unroll
      for (int i = 0; i < kTaps; ++i) {
        if (tap == i)
          multiply_transposed(sums[i], all_d + of_d * kBlockPanel, row_tile, all_x + buffer * kBlockPanel,
                              first_tile, width / 8, kBlockRows);
      }
      buffer = 1 - buffer;
    }
  }
  store_part<T, kTaps>(g, share, width / 8, sums);
}

template <class T>
void launch_weight_gradient(const DenseWeightGradient& work, Stream stream) {
  const ConvShape& s = work.shape;
  const DensePlan plan = plan_dense_weight_gradient(s, work.storage);
  launch({.kernel = "dense_weight_gradient_strips",
          .blocks_x = static_cast<unsigned>(plan.blocks_across),
          .blocks_y = static_cast<unsigned>(plan.walk.parts),
          .threads = 32 * kStripsABlock,
          .shared_bytes = plan.shared_bytes,
          .stream = stream},
         s.kernel == 1   ? dense_weight_gradient_strips<T, 1>
         : s.kernel == 3 ? dense_weight_gradient_strips<T, 3>
                         : dense_weight_gradient_strips<T, 5>,
         {plan,
          DenseGeometry(s),
          static_cast<int>(s.in_channels),
          static_cast<int>(s.out_channels),
          work.activation,
          work.y_gradient,
          work.y,
          {work.a, work.b, work.c},
          work.x,
          work.scale,
          work.offset,
          work.weight_parts});
  join_weight_parts({s.patch() * s.out_channels, plan.walk.parts, work.weight_parts, work.weight_gradient},
                    stream);
}

}  // namespace

void dense_weight_gradient(const DenseWeightGradient& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_weight_gradient<float>(work, stream)
                                  : launch_weight_gradient<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
