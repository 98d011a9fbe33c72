// dense_input_gradient.h's kernel. A block walks through strips of pixels of x, one phase after another, and gathers what
// pixels of y they come from; each panel of dy is multiplied with a matrix of the weights as it lies, (Cout, Cin) for one
// tap.
//
//   registers          32 sums a lane for 64 columns of x of a strip, windows 12, the norm's sums 2 a channel of a piece
//   of 16 x 64 of dy   4 lane pieces of 16 bytes each of d and y, 4 steps of a product with each 8 columns
#include "cuda/dense_input_gradient.h"

#include "cuda/device/panel_product.h"
#include "cuda/device/strip_sums.h"
#include "cuda/device/window_strip.h"

namespace effnet::cuda {
namespace {

struct InputGradientArguments {
  DensePlan plan;
  DenseGeometry geometry;
  int batch, in_channels, out_channels;
  Activation activation;
  const void *y_gradient, *y;
  NormSlope norm;
  const void* x;
  const float *scale, *offset, *mean;
  const void* weights;
  void* x_gradient;
  float* sums;
};

// Every stride-th pixel of x from (y, x) on: what sees the taps (tap_y + stride * i, tap_x + stride * j) of a kernel. A
// pixel of tap (0, 0) of these comes from the pixel (from_y, from_x) on of y, one of tap (i, j) from (-i, -j) beside it.
struct Phase {
  int stride, y, x, height, width;
  int tap_y, tap_x, taps_y, taps_x;
  int from_y, from_x;

  __device__ __forceinline__ Phase(const DenseGeometry& g, int number)
      : stride(g.stride),
        y(number / g.stride),
        x(number % g.stride),
        height((g.height - y + g.stride - 1) / g.stride),
        width((g.width - x + g.stride - 1) / g.stride),
        tap_y((y + g.pad_top) % g.stride),
        tap_x((x + g.pad_left) % g.stride),
        taps_y((g.kernel - tap_y + g.stride - 1) / g.stride),
        taps_x((g.kernel - tap_x + g.stride - 1) / g.stride),
        from_y((y + g.pad_top) / g.stride),
        from_x((x + g.pad_left) / g.stride) {}

  // What there is of a strip of the largest phase.
  __device__ __forceinline__ Strip strip(const Strip& whole, int batch) const {
    const Index left = static_cast<Index>(batch) * height * width - whole.row;
    return {whole.row, left < 0 ? 0 : left < whole.rows ? static_cast<int>(left) : whole.rows, whole.item};
  }

  __device__ __forceinline__ Pixel source_of(int row) const {
    const Pixel at = pixel_of(row, height, width);
    return {at.picture, at.y + from_y, at.x + from_x};
  }

  // The row of x.
  __device__ __forceinline__ Index target_of(const DenseGeometry& g, int row) const {
    const Pixel at = pixel_of(row, height, width);
    return (static_cast<Index>(at.picture) * g.height + at.y * stride + y) * g.width + at.x * stride + x;
  }
};

// Stores a strip of d1 and adds to the sums of this lane's channels.
template <class T>
__device__ __forceinline__ void store_strip(const InputGradientArguments& g, const HalfStrip<T>& half_strip,
                                            const float (*products)[4], const Strip& strip,
                                            const Phase& phase, int first, int width,
                                            float (&sums)[2][kVector<T>]) {
  constexpr int V = kVector<T>;
  const int column = piece_of_lane() * V;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (strip.rows <= 8 * half) break;
    __syncwarp();
    half_strip.put_sums(products, half);
    __syncwarp();
#pragma unroll 1
    for (int i = 2 * half; i < 2 * half + 2; ++i) {
      const int row = row_of_lane(i);
      if (row >= strip.rows || column >= width) break;
      const Index at =
          phase.target_of(g.geometry, static_cast<int>(strip.row) + row) * g.in_channels + first + column;
      float gradient[V], x[V] = {};
      half_strip.take_row(row - 8 * half, gradient);
      if (g.scale) {
        float value[V], slope[V] = {}, scale[V], offset[V];
        unpack<T, V>(load_global<uint4>(static_cast<const T*>(g.x) + at), x);
        load_numbers(g.scale + first + column, scale);
        load_numbers(g.offset + first + column, offset);
#pragma unroll
        for (int v = 0; v < V; ++v) value[v] = x[v] * scale[v] + offset[v];
        activate(g.activation, value, slope);
#pragma unroll
        for (int v = 0; v < V; ++v) gradient[v] *= slope[v];
      }
      const uint4 word = pack<T, V>(gradient);
      store_global(static_cast<T*>(g.x_gradient) + at, word);
      if (g.sums) {
        float mean[V];
        load_numbers(g.mean + first + column, mean);
        unpack<T, V>(word, gradient);
#pragma unroll
        for (int v = 0; v < V; ++v) {
          sums[0][v] += gradient[v];
          sums[1][v] += gradient[v] * (x[v] - mean[v]);
        }
      }
    }
  }
}

// Blocks that a processor must have registers for.
template <class T>
constexpr int kInputGradientBlocks = kPanel<T> > 32 ? 1 : 2;

template <class T>
__global__ void __launch_bounds__(32 * kStripsABlock, kInputGradientBlocks<T>)
    dense_input_gradient_strips(const InputGradientArguments g) {
  constexpr int kTiles = kPanel<T> / 8;
  const DensePlan& plan = g.plan;
  const DenseGeometry& geometry = g.geometry;
  const int first = static_cast<int>(blockIdx.x) * plan.width;
  const int width = g.in_channels - first < plan.width ? g.in_channels - first : plan.width;
  const Index patch = static_cast<Index>(geometry.kernel) * geometry.kernel * g.in_channels;
  auto* all_d = static_cast<T*>(dynamic_shared());              // (8 warps, 2, 16, panel), becomes dy
  T* all_y = all_d + 2 * kBlockRows * kPanel<T>;                // (8 warps, 16, panel)
  T* matrix = all_y + kBlockRows * kPanel<T>;                   // (taps * panels or 2, panel, panel)
  T* const own_y = all_y + warp_of() * kStripRows * kPanel<T>;  // finished before the next is asked for
  const auto own_d = [&](int buffer) { return all_d + (2 * warp_of() + buffer) * kStripRows * kPanel<T>; };
  const auto map_of = [&](const void* values) {
    return WindowMap<T>{static_cast<const T*>(values), geometry.out_height, geometry.out_width,
                        g.out_channels};
  };
  const WindowMap<T> d = map_of(g.y_gradient), y = map_of(g.y);
  const auto matrix_of = [&](int tap, int panel, int buffer) {
    return matrix + (plan.streams ? buffer : tap * plan.panels + panel) * kPanel<T> * kPanel<T>;
  };
  const auto ask_for_weights = [&](int tap, int panel, T* to) {
    const int channel = panel * kPanel<T>;
    ask_for_matrix(to, static_cast<const T*>(g.weights) + (channel * patch + tap * g.in_channels + first),
                   static_cast<int>(patch), kPanel<T>, g.out_channels - channel, width);
  };

  if (!plan.streams) {
    for (int tap = 0; tap < geometry.kernel * geometry.kernel; ++tap) {
      for (int panel = 0; panel < plan.panels; ++panel) ask_for_weights(tap, panel, matrix_of(tap, panel, 0));
    }
    wait_for_copies();
    __syncthreads();
  }
  const int numbers = plan.walk.rounds * plan.walk.strips;
  float sums[2][kVector<T>] = {};
  int buffer = 0;
  for (int which = 0; which < geometry.stride * geometry.stride; ++which) {
    const Phase phase(geometry, which);
    const int steps = phase.taps_y * phase.taps_x * plan.panels;
    const auto tap_of = [&](const TapStep& at) {
      return (phase.tap_y + at.y * phase.stride) * geometry.kernel + phase.tap_x + at.x * phase.stride;
    };
    const auto strip_at = [&](int number) { return phase.strip(strip_of(plan.walk, number), g.batch); };
    const auto windows = [&](const Strip& strip) {
      return window_rows(d, strip, [&](int row) { return phase.source_of(row); });
    };
    const auto ask = [&](const WindowRows& rows, const TapStep& at, int to) {
      const int channel = at.panel * kPanel<T>, left = g.out_channels - channel;
      if (plan.streams) ask_for_weights(tap_of(at), at.panel, matrix_of(0, 0, to));
      if (g.norm.a) ask_for_tap(own_y, y, rows, -at.y, -at.x, channel, left);
      return ask_for_tap(own_d(to), d, rows, -at.y, -at.x, channel, left);
    };
    Strip strip = strip_at(0);
    WindowRows rows;
    unsigned inside = 0;
    if (steps > 0) {
      rows = windows(strip);
      inside = ask(rows, {}, buffer);
    }
    for (int number = 0; number < numbers; ++number) {
      const Strip next = number + 1 < numbers ? strip_at(number + 1) : Strip{0, 0, 0};
      float products[kTiles][4] = {};
      TapStep at;
      for (int step = 0; step < steps; ++step) {
        const TapStep now = at;
        wait_for_copies();
        finish_gradient(own_d(buffer), own_y, inside, g.norm, now.panel * kPanel<T>);
        if (plan.streams) {
          __syncthreads();
        } else {
          __syncwarp();
        }
        at = now.next(phase.taps_x, plan.panels);
        if (step + 1 < steps) {
          inside = ask(rows, at, 1 - buffer);
        } else if (number + 1 < numbers) {
          rows = windows(next);
          inside = ask(rows, {}, 1 - buffer);
        }
        if (strip.rows > 0)
          multiply_by_columns(products, own_d(buffer), matrix_of(tap_of(now), now.panel, buffer), width / 8,
                              g.out_channels - now.panel * kPanel<T>);
        buffer = 1 - buffer;
      }
      // The strip that has just been multiplied is free until the next one is waited for.
      const HalfStrip<T> half_strip{reinterpret_cast<float*>(own_d(1 - buffer))};
      store_strip(g, half_strip, products, strip, phase, first, width, sums);
      strip = next;
    }
  }
  if (!g.sums) return;
  float* row = g.sums + (static_cast<Index>(blockIdx.y) * 2 * g.in_channels + first);
  store_sums<T>(reinterpret_cast<float*>(all_d), row, g.in_channels, width, sums[0], sums[1]);
}

template <class T>
void launch_input_gradient(const DenseInputGradient& work, Stream stream) {
  const ConvShape& s = work.shape;
  const DensePlan plan = plan_dense_input_gradient(s, work.storage);
  launch({.kernel = "dense_input_gradient_strips",
          .blocks_x = static_cast<unsigned>(plan.blocks_across),
          .blocks_y = static_cast<unsigned>(plan.walk.parts),
          .threads = 32 * kStripsABlock,
          .shared_bytes = plan.shared_bytes,
          .stream = stream},
         dense_input_gradient_strips<T>,
         {plan,
          DenseGeometry(s),
          static_cast<int>(s.batch),
          static_cast<int>(s.in_channels),
          static_cast<int>(s.out_channels),
          work.activation,
          work.y_gradient,
          work.y,
          {work.a, work.b, work.c},
          work.x,
          work.scale,
          work.offset,
          work.mean,
          work.weights,
          work.x_gradient,
          work.sums});
}

}  // namespace

void dense_input_gradient(const DenseInputGradient& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_input_gradient<float>(work, stream)
                                  : launch_input_gradient<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
