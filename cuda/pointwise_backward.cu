// pointwise_backward.h's kernels. A block walks through strips of all rows with one chunk of x's channels. For each row of
// strips it brings in the panels of dy one after another, and multiplies each twice while it is there: with the weights,
// where sums over the panels give a strip of g, and with the strips of gate * x1, where sums over all rows, kept in
// registers to the end, are this block's part of the weight gradient.
//
//   registers                 16 sums a lane for each panel of the weight gradient, 32 of g, 32 of x now and next
//   of 128 x 64 of dy         2 products of 128 x 64 x 64, two barriers
#include "cuda/pointwise_backward.h"

#include "cuda/device/activation.h"
#include "cuda/device/panel_product.h"
#include "cuda/device/strip_sums.h"
#include "cuda/device/weight_parts.h"

namespace effnet::cuda {
namespace {

struct BackwardArguments {
  PointwisePlan plan;
  int in_channels, out_channels;
  Activation activation;
  const void *y_gradient, *y;
  const float *a, *b, *c;
  const void* x;
  const float *scale, *offset, *gate, *mean;
  const void *weights, *addend;
  void* x_gradient;
  float *sums, *gate_sums, *weight_parts;
};

// d becomes dy in the pieces that this lane has asked for.
template <class T>
__device__ __forceinline__ void finish_strip(const BackwardArguments& g, T* d, const T* y, const Strip& strip,
                                             int first_channel) {
  constexpr int V = kVector<T>;
  const int channel = first_channel + piece_of_lane() * V;
  if (!g.y || channel >= g.out_channels) return;
  float a[V], b[V], c[V];
  load_numbers(g.a + channel, a);
  load_numbers(g.b + channel, b);
  load_numbers(g.c + channel, c);
#pragma unroll 1
  for (int i = 0; i < kStripPieces; ++i) {
    if (row_of_lane(i) >= strip.rows) break;
    T* piece = piece_at(d, row_of_lane(i), piece_of_lane());
    float values[V], of_y[V];
    take(piece, values);
    take(piece_at(y, row_of_lane(i), piece_of_lane()), of_y);
#pragma unroll
    for (int v = 0; v < V; ++v) values[v] = a[v] * values[v] + (b[v] * of_y[v] + c[v]);
    put(piece, values);
  }
}

// This lane's pieces of a strip of x, columns [first, first + width).
template <class T>
__device__ __forceinline__ void load_strip(const BackwardArguments& g, const Strip& strip, int first,
                                           int width, uint4 (&words)[kStripPieces]) {
  const int column = piece_of_lane() * kVector<T>;
#pragma unroll
  for (int i = 0; i < kStripPieces; ++i) {
    const int row = row_of_lane(i);
    words[i] = uint4{0, 0, 0, 0};
    if (row < strip.rows && column < width)
      words[i] = load_global<uint4>(static_cast<const T*>(g.x) +
                                    ((strip.row + row) * g.in_channels + first + column));
  }
}

// gate * act(x * scale + offset) in shared memory, 0 outside of the map.
template <class T>
__device__ __forceinline__ void put_activated(const BackwardArguments& g, T* panel, const Strip& strip,
                                              int first, int width, const uint4 (&words)[kStripPieces]) {
  constexpr int V = kVector<T>;
  const int column = piece_of_lane() * V;
  const bool there = column < width && strip.rows > 0;
  float scale[V], offset[V], gate[V];
  if (there && g.scale) {
    load_numbers(g.scale + first + column, scale);
    load_numbers(g.offset + first + column, offset);
  }
  if (there && g.gate) {
    const int picture = strip.item / g.plan.walk.segments;
    load_numbers(g.gate + (static_cast<Index>(picture) * g.in_channels + first + column), gate);
  }
#pragma unroll
  for (int i = 0; i < kStripPieces; ++i) {
    float values[V];
    unpack<T, V>(words[i], values);
    if (there && row_of_lane(i) < strip.rows) {
      if (g.scale) {
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] = values[v] * scale[v] + offset[v];
        activate(g.activation, values);
      }
      if (g.gate) {
#pragma unroll
        for (int v = 0; v < V; ++v) values[v] *= gate[v];
      }
    }
    put(piece_at(panel, row_of_lane(i), piece_of_lane()), values);
  }
}

// Stores a strip of g or d1 and adds to the sums of this lane's channels.
template <class T>
__device__ __forceinline__ void store_strip(const BackwardArguments& g, const HalfStrip<T>& half_strip,
                                            const float (*products)[4], const Strip& strip, int first,
                                            int width, const uint4 (&words)[kStripPieces],
                                            float (&sums)[3][kVector<T>]) {
  constexpr int V = kVector<T>;
  const int column = piece_of_lane() * V;
  float scale[V], offset[V], mean[V] = {};
  if (column < width && g.scale) {
    load_numbers(g.scale + first + column, scale);
    load_numbers(g.offset + first + column, offset);
  }
  if (column < width && g.mean) load_numbers(g.mean + first + column, mean);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (strip.rows <= 8 * half) break;
    __syncwarp();
    half_strip.put_sums(products, half);
    __syncwarp();
#pragma unroll
    for (int i = 2 * half; i < 2 * half + 2; ++i) {
      const int row = row_of_lane(i);
      if (row >= strip.rows || column >= width) continue;
      const Index at = (strip.row + row) * g.in_channels + first + column;
      float gradient[V], x[V], value[V], slope[V];
      half_strip.take_row(row - 8 * half, gradient);
      unpack<T, V>(words[i], x);
#pragma unroll
      for (int v = 0; v < V; ++v) {
        value[v] = g.scale ? x[v] * scale[v] + offset[v] : x[v];
        slope[v] = 1.0f;
      }
      if (g.scale) activate(g.activation, value, slope);
      if (!g.gate) {
#pragma unroll
        for (int v = 0; v < V; ++v) gradient[v] *= slope[v];
        if (g.addend) {
          float more[V];
          unpack<T, V>(load_global<uint4>(static_cast<const T*>(g.addend) + at), more);
#pragma unroll
          for (int v = 0; v < V; ++v) gradient[v] += more[v];
        }
      }
      const uint4 word = pack<T, V>(gradient);
      store_global(static_cast<T*>(g.x_gradient) + at, word);
      unpack<T, V>(word, gradient);
#pragma unroll
      for (int v = 0; v < V; ++v) {
        const float of_z = g.gate ? gradient[v] * slope[v] : gradient[v];
        sums[0][v] += of_z;
        sums[1][v] += of_z * (x[v] - mean[v]);
        if (g.gate) sums[2][v] += gradient[v] * value[v];
      }
    }
  }
}

template <int V>
__device__ __forceinline__ void store_numbers(float* at, const float (&values)[V]) {
#pragma unroll
  for (int v = 0; v < V; v += 4) {
    uint4 word;
    std::memcpy(&word, values + v, sizeof word);
    store_global(at + v, word);
  }
}

// The sums of an item, which begin anew.
template <class T>
__device__ __forceinline__ void store_gate_sums(const BackwardArguments& g, const Strip& strip, int split,
                                                int first, int width, float (&sums)[3][kVector<T>]) {
  const int column = piece_of_lane() * kVector<T>;
#pragma unroll
  for (int i = 0; i < 3; ++i) {
    float(&values)[kVector<T>] = sums[(i + 2) % 3];  // g * x1 comes first
    add_lanes(values);
    if (lane_of() < kPanelPieces && column < width && strip.item < g.plan.walk.items) {
      const Index part = static_cast<Index>(strip.item) * g.plan.splits + split;
      store_numbers(g.gate_sums + ((part * 3 + i) * g.in_channels + first + column), values);
    }
#pragma unroll
    for (float& value : values) value = 0.0f;
  }
}

// kOwn: panels of y whose weight gradient the block sums, at most.
template <class T, int kOwn>
__global__ void __launch_bounds__(32 * kStripsABlock, 1)
    pointwise_backward_strips(const BackwardArguments g) {
  // Of a panel of the weight gradient a warp has 16 rows of y's channels and some tiles of x's.
  constexpr int kTiles = kPanel<T> / 8, kRowTiles = kPanel<T> / 16;
  constexpr int kOwnTiles = kTiles * kRowTiles / kStripsABlock;
  constexpr int kBlockPanel = kBlockRows * kPanel<T>;
  const PointwisePlan& plan = g.plan;
  const int chunk = static_cast<int>(blockIdx.x) / plan.splits;
  const int split = static_cast<int>(blockIdx.x) - chunk * plan.splits;
  const int first = chunk * plan.width;
  const int width = g.in_channels - first < plan.width ? g.in_channels - first : plan.width;
  const int tiles = width / 8;
  const int first_own = split * kSumPanels;
  const int last_own = first_own + kSumPanels < plan.panels ? first_own + kSumPanels : plan.panels;
  const int row_tile = warp_of() % kRowTiles, first_tile = warp_of() / kRowTiles * kOwnTiles;

  auto* all_d = static_cast<T*>(dynamic_shared());  // (2, 128, panel), becomes dy
  T* all_y = all_d + 2 * kBlockPanel;               // (2, 128, panel), then this warp's sums
  T* activated = all_y + 2 * kBlockPanel;           // (128, panel)
  T* matrix = activated + kBlockPanel;              // (panels or 2, panel, panel)
  const auto own = [&](T* maps, int buffer) {
    return maps + buffer * kBlockPanel + warp_of() * kStripRows * kPanel<T>;
  };
  const auto matrix_panel = [&](int panel, int buffer) {
    return matrix + (plan.streams ? buffer : panel) * kPanel<T> * kPanel<T>;
  };
  const auto ask_for_weights = [&](int panel, int buffer) {
    const int channel = panel * kPanel<T>;
    ask_for_matrix(matrix_panel(panel, buffer),
                   static_cast<const T*>(g.weights) + (static_cast<Index>(channel) * g.in_channels + first),
                   g.in_channels, kPanel<T>, g.out_channels - channel, width);
  };
  // Blocks that share a chunk take turns with the strips of g; who has no turn needs the panels of its own sums alone.
  const auto has_turn = [&](int number) { return number % plan.splits == split; };
  const auto first_panel = [&](int number) { return has_turn(number) ? 0 : first_own; };
  const auto last_panel = [&](int number) { return has_turn(number) ? plan.panels : last_own; };
  const auto ask = [&](const Strip& strip, int number, int panel, int buffer) {
    const int channel = panel * kPanel<T>;
    ask_for_strip(own(all_d, buffer), static_cast<const T*>(g.y_gradient), strip, g.out_channels, channel);
    if (g.y) ask_for_strip(own(all_y, buffer), static_cast<const T*>(g.y), strip, g.out_channels, channel);
    if (plan.streams && has_turn(number)) ask_for_weights(panel, buffer);
  };

  const int numbers = plan.walk.rounds * plan.walk.strips;
  float weight_sums[kOwn][kOwnTiles][4] = {}, sums[3][kVector<T>] = {};
  Strip strip = strip_of(plan.walk, 0);
  if (!plan.streams) {
    for (int panel = 0; panel < plan.panels; ++panel) ask_for_weights(panel, 0);
  }
  ask(strip, 0, first_panel(0), 0);
  uint4 x[kStripPieces], next_x[kStripPieces];
  load_strip<T>(g, strip, first, width, next_x);
  int buffer = 0;
  for (int number = 0; number < numbers; ++number) {
    const Strip next = number + 1 < numbers ? strip_of(plan.walk, number + 1) : Strip{0, 0, 0};
#pragma unroll
    for (int i = 0; i < kStripPieces; ++i) x[i] = next_x[i];
    float products[kTiles][4] = {};
    for (int panel = first_panel(number); panel < last_panel(number); ++panel) {
      wait_for_copies();
      finish_strip(g, own(all_d, buffer), own(all_y, buffer), strip, panel * kPanel<T>);
      if (panel == first_panel(number)) {
        __syncthreads();  // all have multiplied with the strips before
        put_activated(g, own(activated, 0), strip, first, width, x);
      }
      __syncthreads();
      if (panel == first_panel(number)) load_strip<T>(g, next, first, width, next_x);
      if (panel + 1 < last_panel(number)) {
        ask(strip, number, panel + 1, 1 - buffer);
      } else if (number + 1 < numbers) {
        ask(next, number + 1, first_panel(number + 1), 1 - buffer);
      }
      const int depth = g.out_channels - panel * kPanel<T>;
      if (has_turn(number) && strip.rows > 0)
        multiply_by_columns(products, own(all_d, buffer), matrix_panel(panel, buffer), tiles, depth);
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        if (panel == first_own + i && 16 * row_tile < depth)
          multiply_transposed(weight_sums[i], all_d + buffer * kBlockPanel, row_tile, activated, first_tile,
                              tiles, kBlockRows);
      }
      buffer = 1 - buffer;
    }
    if (has_turn(number)) {
      // y has become dy, its place is free until the next but one panel is asked for.
      const HalfStrip<T> half_strip{reinterpret_cast<float*>(own(all_y, 1 - buffer))};
      store_strip(g, half_strip, products, strip, first, width, x, sums);
    }
    if (g.gate_sums && (number + 1) % plan.walk.strips == 0)
      store_gate_sums<T>(g, strip, split, first, width, sums);
    strip = next;
  }

  if (g.sums) {
    const Index row = static_cast<Index>(blockIdx.y) * plan.splits + split;
    store_sums<T>(reinterpret_cast<float*>(all_d), g.sums + (row * 2 * g.in_channels + first), g.in_channels,
                  width, sums[0], sums[1]);
  }
  const int row_in_panel = 16 * row_tile + lane_of() / 4, pair = 2 * (lane_of() % 4);
  float* part = g.weight_parts + static_cast<Index>(blockIdx.y) * g.out_channels * g.in_channels + first;
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
#pragma unroll
    for (int tile = 0; tile < kOwnTiles; ++tile) {
#pragma unroll
      for (int below = 0; below < 2; ++below) {
        const int row = (first_own + i) * kPanel<T> + row_in_panel + 8 * below;
        if (first_own + i >= last_own || row >= g.out_channels || first_tile + tile >= tiles) continue;
        const float two[2] = {weight_sums[i][tile][2 * below], weight_sums[i][tile][2 * below + 1]};
        store_global(part + (static_cast<Index>(row) * g.in_channels + 8 * (first_tile + tile) + pair),
                     pack<float, 2>(two));
      }
    }
  }
}

template <class T>
void launch_backward(const PointwiseBackward& work, Stream stream) {
  const PointwiseShape& s = work.shape;
  const PointwisePlan plan = plan_backward(s, work.storage, work.gate != nullptr);
  launch({.kernel = "pointwise_backward_strips",
          .blocks_x = static_cast<unsigned>(plan.blocks_across()),
          .blocks_y = static_cast<unsigned>(plan.walk.parts),
          .threads = 32 * kStripsABlock,
          .shared_bytes = plan.shared_bytes,
          .stream = stream},
         plan.panels > 2   ? pointwise_backward_strips<T, kSumPanels>
         : plan.panels > 1 ? pointwise_backward_strips<T, 2>
                           : pointwise_backward_strips<T, 1>,
         {plan,
          static_cast<int>(s.in_channels),
          static_cast<int>(s.out_channels),
          work.activation,
          work.y_gradient,
          work.y,
          work.a,
          work.b,
          work.c,
          work.x,
          work.scale,
          work.offset,
          work.gate,
          work.mean,
          work.weights,
          work.addend,
          work.x_gradient,
          work.sums,
          work.gate_sums,
          work.weight_parts});
  join_weight_parts(
      {s.in_channels * s.out_channels, plan.walk.parts, work.weight_parts, work.weight_gradient}, stream);
}

}  // namespace

void pointwise_backward(const PointwiseBackward& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_backward<float>(work, stream)
                                  : launch_backward<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
