// pointwise_forward.h's kernel. A product that is tall (rows are all pixels) and thin: its weights stay in shared memory,
// and each warp streams strips of x past them, one panel on its way while one is multiplied. Batch norm, activation and
// gate are applied in place to a panel that has arrived, once for all columns of the block. Unless the weights are
// streamed, too, warps do not wait for each other.
//
//   registers         16 columns' sums a lane for each 64 columns of y, moments 3 a column of a lane
//   of 16 x 64 of x   4 lane pieces of 16 bytes, 4 steps of a product with each 8 columns
#include "cuda/pointwise_forward.h"

#include "cuda/device/activation.h"
#include "cuda/device/panel_product.h"
#include "cuda/device/strip_output.h"

namespace effnet::cuda {
namespace {

struct ForwardArguments {
  PointwisePlan plan;
  int in_channels, out_channels;
  Activation activation;
  const void* x;
  const float *scale, *offset, *gate;
  const void* weights;
  const float* bias;
  const void* residual;
  void* y;
  float* moments;
};

// What becomes of the pieces of x that this lane has asked for. Four channels at a time: the sums leave few registers.
template <class T>
__device__ __forceinline__ void finish_strip(const ForwardArguments& g, T* panel, const Strip& strip,
                                             int first_channel) {
  constexpr int V = 4;
  if ((!g.scale && !g.gate) || strip.rows == 0) return;
#pragma unroll 1
  for (int at = 0; at < kVector<T>; at += V) {
    const int channel = first_channel + piece_of_lane() * kVector<T> + at;
    if (channel >= g.in_channels) return;
    float scale[V], offset[V], gate[V];
    if (g.scale) {
      load_numbers(g.scale + channel, scale);
      load_numbers(g.offset + channel, offset);
    }
    if (g.gate) {
      const int picture = strip.item / g.plan.walk.segments;
      load_numbers(g.gate + (static_cast<Index>(picture) * g.in_channels + channel), gate);
    }
#pragma unroll 1
    for (int i = 0; i < kStripPieces; ++i) {
      if (row_of_lane(i) >= strip.rows) break;
      auto* word = reinterpret_cast<Word<T, V>*>(piece_at(panel, row_of_lane(i), piece_of_lane()) + at);
      float values[V];
      unpack<T, V>(*word, values);
      if (g.scale) {
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] = values[v] * scale[v] + offset[v];
        activate(g.activation, values);
      }
      if (g.gate) {
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] *= gate[v];
      }
      *word = pack<T, V>(values);
    }
  }
}

// Blocks that a processor must have registers for: 128 a lane allow two. Sums of 128 columns need more.
template <class T>
constexpr int forward_blocks(int panels) {
  return panels * kPanel<T> > 64 ? 1 : 2;
}

template <class T, int kPanels>
__global__ void __launch_bounds__(32 * kStripsABlock, forward_blocks<T>(kPanels))
    pointwise_forward_strips(const ForwardArguments g) {
  constexpr int kTiles = kPanels * kPanel<T> / 8;
  const PointwisePlan& plan = g.plan;
  const int first = static_cast<int>(blockIdx.x) * plan.width;
  const int width = g.out_channels - first < plan.width ? g.out_channels - first : plan.width;
  const int matrix_rows = (plan.width + 15) / 16 * 16;
  auto* strips = static_cast<T*>(dynamic_shared());                 // (8 warps, 2, 16, panel)
  T* matrix = strips + 2 * kStripsABlock * kStripRows * kPanel<T>;  // (panels or 2, matrix_rows, panel)
  const auto own_strip = [&](int buffer) {
    return strips + (2 * warp_of() + buffer) * kStripRows * kPanel<T>;
  };
  const auto matrix_panel = [&](int panel, int buffer) {
    return matrix + (plan.streams ? buffer : panel) * matrix_rows * kPanel<T>;
  };
  const auto ask_for_weights = [&](int panel, int buffer) {
    const int channel = panel * kPanel<T>;
    ask_for_matrix(matrix_panel(panel, buffer),
                   static_cast<const T*>(g.weights) + (static_cast<Index>(first) * g.in_channels + channel),
                   g.in_channels, matrix_rows, width, g.in_channels - channel);
  };
  const auto ask = [&](const Strip& strip, int panel, int buffer) {
    ask_for_strip(own_strip(buffer), static_cast<const T*>(g.x), strip, g.in_channels, panel * kPanel<T>);
    if (plan.streams) ask_for_weights(panel, buffer);
  };

  const StripOutput out{g.out_channels, g.bias, g.residual, g.y, g.moments};
  const int numbers = plan.walk.rounds * plan.walk.strips;
  Moments<float> moments[kPanels][kOwnColumns<T>];
  Strip strip = strip_of(plan.walk, 0);
  ask(strip, 0, 0);
  if (!plan.streams) {
    for (int panel = 0; panel < plan.panels; ++panel) ask_for_weights(panel, 0);
    wait_for_copies();
    __syncthreads();
  }
  int buffer = 0;
  for (int number = 0; number < numbers; ++number) {
    const Strip next = number + 1 < numbers ? strip_of(plan.walk, number + 1) : Strip{0, 0, 0};
    float sums[kTiles][4] = {};
    for (int panel = 0; panel < plan.panels; ++panel) {
      wait_for_copies();
      finish_strip(g, own_strip(buffer), strip, panel * kPanel<T>);
      if (plan.streams) {
        __syncthreads();
      } else {
        __syncwarp();
      }
      if (panel + 1 < plan.panels) {
        ask(strip, panel + 1, 1 - buffer);
      } else if (number + 1 < numbers) {
        ask(next, 0, 1 - buffer);
      }
      if (strip.rows > 0)
        multiply_by_rows(sums, own_strip(buffer), matrix_panel(panel, buffer), (width + 7) / 8,
                         g.in_channels - panel * kPanel<T>);
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
void launch_forward(const PointwiseForward& work, Stream stream) {
  const PointwisePlan plan = plan_forward(work.shape, work.storage, work.gate != nullptr);
  launch({.kernel = "pointwise_forward_strips",
          .blocks_x = static_cast<unsigned>(plan.blocks_across()),
          .blocks_y = static_cast<unsigned>(plan.walk.parts),
          .threads = 32 * kStripsABlock,
          .shared_bytes = plan.shared_bytes,
          .stream = stream},
         plan.width > kPanel<T> ? pointwise_forward_strips<T, 2> : pointwise_forward_strips<T, 1>,
         {plan, static_cast<int>(work.shape.in_channels), static_cast<int>(work.shape.out_channels),
          work.activation, work.x, work.scale, work.offset, work.gate, work.weights, work.bias, work.residual,
          work.y, work.moments});
}

}  // namespace

void pointwise_forward(const PointwiseForward& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_forward<float>(work, stream)
                                  : launch_forward<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
