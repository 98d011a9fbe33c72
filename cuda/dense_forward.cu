// dense_forward.h's kernel: pointwise_forward.cu's, whose panels of x are gathered tap by tap. The weights of all taps stay
// in shared memory where they fit; otherwise those of a tap and panel come with it, and warps wait for each other.
//
//   registers         16 columns' sums a lane for each 64 columns of y, moments 3 a column of a lane, windows 12
//   of 16 x 64 of x   4 lane pieces of 16 bytes, 4 steps of a product with each 8 columns
#include "cuda/dense_forward.h"

#include "cuda/device/panel_product.h"
#include "cuda/device/strip_output.h"
#include "cuda/device/window_strip.h"

namespace effnet::cuda {
namespace {

struct ForwardArguments {
  DensePlan plan;
  DenseGeometry geometry;
  int in_channels, out_channels;
  Activation activation;
  const void* x;
  const float *scale, *offset;
  const void* weights;
  void* y;
  float* moments;
};

// Blocks that a processor must have registers for.
template <class T>
constexpr int forward_blocks(int panels) {
  return panels * kPanel<T> > 64 ? 1 : 2;
}

template <class T, int kPanels>
__global__ void __launch_bounds__(32 * kStripsABlock, forward_blocks<T>(kPanels))
    dense_forward_strips(const ForwardArguments g) {
  constexpr int kTiles = kPanels * kPanel<T> / 8;
  const DensePlan& plan = g.plan;
  const DenseGeometry& geometry = g.geometry;
  const int first = static_cast<int>(blockIdx.x) * plan.width;
  const int width = g.out_channels - first < plan.width ? g.out_channels - first : plan.width;
  const int matrix_rows = (plan.width + 15) / 16 * 16;
  const int patch = geometry.kernel * geometry.kernel * g.in_channels;
  const int steps = geometry.kernel * geometry.kernel * plan.panels;
  auto* strips = static_cast<T*>(dynamic_shared());                 // (8 warps, 2, 16, panel)
  T* matrix = strips + 2 * kStripsABlock * kStripRows * kPanel<T>;  // (steps or 2, matrix_rows, panel)
  const WindowMap<T> map{static_cast<const T*>(g.x), geometry.height, geometry.width, g.in_channels};
  const auto own_strip = [&](int buffer) {
    return strips + (2 * warp_of() + buffer) * kStripRows * kPanel<T>;
  };
  const auto matrix_of = [&](int step, int buffer) {
    return matrix + (plan.streams ? buffer : step) * matrix_rows * kPanel<T>;
  };
  const auto ask_for_weights = [&](const TapStep& at, T* to) {
    const int channel = at.panel * kPanel<T>;
    const int column = (at.y * geometry.kernel + at.x) * g.in_channels + channel;
    ask_for_matrix(to, static_cast<const T*>(g.weights) + (static_cast<Index>(first) * patch + column), patch,
                   matrix_rows, width, g.in_channels - channel);
  };
  const auto windows = [&](const Strip& strip) {
    return window_rows(map, strip, [&](int row) { return window_of_output(geometry, row); });
  };
  const auto ask = [&](const WindowRows& rows, const TapStep& at, int buffer) {
    if (plan.streams) ask_for_weights(at, matrix_of(0, buffer));
    const int channel = at.panel * kPanel<T>;
    return ask_for_tap(own_strip(buffer), map, rows, at.y, at.x, channel, g.in_channels - channel);
  };

  const StripOutput out{g.out_channels, nullptr, nullptr, g.y, g.moments};
  const int numbers = plan.walk.rounds * plan.walk.strips;
  Moments<float> moments[kPanels][kOwnColumns<T>];
  Strip strip = strip_of(plan.walk, 0);
  WindowRows rows = windows(strip);
  unsigned inside = ask(rows, {}, 0);
  if (!plan.streams) {
    TapStep at;
    for (int step = 0; step < steps; ++step, at = at.next(geometry.kernel, plan.panels))
      ask_for_weights(at, matrix_of(step, 0));
    wait_for_copies();
    __syncthreads();
  }
  int buffer = 0;
  for (int number = 0; number < numbers; ++number) {
    const Strip next = number + 1 < numbers ? strip_of(plan.walk, number + 1) : Strip{0, 0, 0};
    float sums[kTiles][4] = {};
    TapStep at;
    for (int step = 0; step < steps; ++step) {
      const int channel = at.panel * kPanel<T>;
      wait_for_copies();
      finish_values(own_strip(buffer), inside, g.scale, g.offset, g.activation, channel);
      if (plan.streams) {
        __syncthreads();
      } else {
        __syncwarp();
      }
      at = at.next(geometry.kernel, plan.panels);
      if (step + 1 < steps) {
        inside = ask(rows, at, 1 - buffer);
      } else if (number + 1 < numbers) {
        rows = windows(next);
        inside = ask(rows, {}, 1 - buffer);
      }
      if (strip.rows > 0)
        multiply_by_rows(sums, own_strip(buffer), matrix_of(step, buffer), (width + 7) / 8,
                         g.in_channels - channel);
      buffer = 1 - buffer;
    }
    // The strip that has just been multiplied is free until the next one is waited for.
    const HalfStrip<T> half_strip{reinterpret_cast<float*>(own_strip(1 - buffer))};
#pragma unroll
    for (int panel = 0; panel < kPanels; ++panel) {
      const int column = panel * kPanel<T>;
      if (column < width)
        store_strip(out, half_strip, sums + column / 8, strip, first + column, width - column,
                    moments[panel]);
    }
    strip = next;
  }
  if (g.moments) store_moments<T, kPanels>(out, reinterpret_cast<float*>(strips), first, width, moments);
}

template <class T>
void launch_forward(const DenseForward& work, Stream stream) {
  const ConvShape& s = work.shape;
  const DensePlan plan = plan_dense_forward(s, work.storage);
  launch({.kernel = "dense_forward_strips",
          .blocks_x = static_cast<unsigned>(plan.blocks_across),
          .blocks_y = static_cast<unsigned>(plan.walk.parts),
          .threads = 32 * kStripsABlock,
          .shared_bytes = plan.shared_bytes,
          .stream = stream},
         plan.width > kPanel<T> ? dense_forward_strips<T, 2> : dense_forward_strips<T, 1>,
         {plan, DenseGeometry(s), static_cast<int>(s.in_channels), static_cast<int>(s.out_channels),
          work.activation, work.x, work.scale, work.offset, work.weights, work.y, work.moments});
}

}  // namespace

void dense_forward(const DenseForward& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_forward<float>(work, stream)
                                  : launch_forward<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
