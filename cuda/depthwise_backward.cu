// depthwise_backward.h's kernels. A cell is stride x stride input pixels, those that go into the same k' x k' outputs,
// k' = ceil(k / stride). A thread owns one column of cells of a few channels, walks down the rows and keeps this window
// of dy in registers: both gradients multiply with the same dy, so each is read from shared memory once.
//
//   a row of cells costs a thread  k' shared loads of V floats, 2 k * k V multiply-adds, one load and store a pixel
//   registers                      (2 k * k + k' * k' + few) * V floats
#include "cuda/depthwise_backward.h"

#include "cuda/device/activation.h"
#include "cuda/device/depthwise_stage.h"
#include "cuda/device/dispatch.h"
#include "cuda/device/tap_sums.h"

namespace effnet::cuda {
namespace {

struct BackwardArguments {
  DepthwisePlan plan;
  int batch, channels, height, width, out_height, out_width, pad_top, pad_left;
  Activation activation;
  const void *y_gradient, *y;
  const float *a, *b, *c;
  const float *gate, *mean_gradient, *y_scale, *y_offset;
  Activation y_activation;
  const void* x;
  const float *scale, *offset, *mean, *weights;
  const void* addend;
  void* x_gradient;
  float *sums, *weight_parts;
};

// Numbers behind a gate in shared memory: y_scale and y_offset, and gate and p of each picture of an item, 32 each.
__device__ __forceinline__ void stage_gates(const BackwardArguments& g, float* gates, int first_picture,
                                            int first_channel) {
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < g.plan.pictures * 2 * kChunk;
       i += static_cast<int>(blockDim.x)) {
    const int picture = first_picture + i / (2 * kChunk), channel = first_channel + i % kChunk;
    if (picture >= g.batch || channel >= g.channels) continue;
    const float* of_picture = i / kChunk % 2 == 0 ? g.gate : g.mean_gradient;
    gates[2 * kChunk + i] =
        load_global<float>(of_picture + static_cast<Index>(picture) * g.channels + channel);
  }
}

// From g to d.
template <int V>
__device__ __forceinline__ void apply_gate(Activation activation, const float* norm, const float* of_picture,
                                           const float (&y)[V], float (&values)[V]) {
  float z[V], factor[V];
  load_shared(of_picture, factor);
  load_shared(of_picture + kChunk, z);
#pragma unroll
  for (int v = 0; v < V; ++v) values[v] = factor[v] * values[v] + z[v];
  load_shared(norm, factor);
  load_shared(norm + kChunk, z);
#pragma unroll
  for (int v = 0; v < V; ++v) z[v] += y[v] * factor[v];
  activate(activation, z, factor);
#pragma unroll
  for (int v = 0; v < V; ++v) values[v] *= factor[v];
}

// dy of the pieces that this thread has asked for, 0 where it has not. Half a piece at a time: registers are what this
// kernel is short of.
template <class T>
__device__ __forceinline__ void finish_pieces(const BackwardArguments& g, const float* coefficients,
                                              const float* gates, const T* raw_d, const T* raw_y,
                                              float* staged, unsigned asked) {
  const int pieces = g.plan.staged_pixels() * kPieces;
#pragma unroll 1
  for (int slot = static_cast<int>(threadIdx.x); slot < pieces; slot += static_cast<int>(blockDim.x)) {
#pragma unroll 1
    for (int at = slot * kPiece; at < (slot + 1) * kPiece; at += kPiece / 2) {
      float values[kPiece / 2] = {};
      if (asked & 1) {
        take(raw_d + at, values);
        if (g.y) {
          float y[kPiece / 2], a[kPiece / 2], b[kPiece / 2], c[kPiece / 2];
          take(raw_y + at, y);
          if (g.gate) {
            const int row = slot / kPieces % (g.plan.pictures * g.plan.staged_columns);
            apply_gate(g.y_activation, gates + at % kChunk,
                       gates + 2 * (1 + g.plan.staged_picture.divide(row)) * kChunk + at % kChunk, y, values);
          }
          const float* of_channels = coefficients + at % kChunk;
          load_shared(of_channels, a);
          load_shared(of_channels + kChunk, b);
          load_shared(of_channels + 2 * kChunk, c);
#pragma unroll
          for (int v = 0; v < kPiece / 2; ++v) values[v] = a[v] * values[v] + (b[v] * y[v] + c[v]);
        }
      }
      store_shared(staged + at, values);
    }
    asked >>= 1;
  }
}

// What the window of dy gives to pixel (q, r) of a cell, and what the pixel's value gives to the gradients of the taps.
template <int K, int S, int V, int W>
__device__ __forceinline__ void multiply(const float (&window)[W][W][V], int q, int r,
                                         const float (&weights)[K * K][V], const float (&value)[V],
                                         float (&gradient)[V], float (&weight_sums)[K * K][V]) {
#pragma unroll
  for (int i = q; i < K; i += S) {
#pragma unroll
    for (int j = r; j < K; j += S) {
#pragma unroll
      for (int v = 0; v < V; ++v) {
        const float dy = window[i / S][j / S][v];
        gradient[v] += weights[i * K + j][v] * dy;
        weight_sums[i * K + j][v] += value[v] * dy;
      }
    }
  }
}

// Adds up what the threads of a warp have for the same channel and puts it into the warp's row, (32).
template <int V>
__device__ __forceinline__ void put_sum(float (&values)[V], float* row) {
  constexpr int kLanes = kChunk / V;
#pragma unroll
  for (int apart = kLanes; apart < 32; apart *= 2) {
#pragma unroll
    for (int v = 0; v < V; ++v) values[v] += __shfl_down_sync(0xFFFFFFFFu, values[v], apart);
  }
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (lane < kLanes) store_shared(row + lane * V, values);
}

// Adds the rows of the warps, (warps, 2 + taps, 32), in the warps' order and stores the block's.
__device__ __forceinline__ void store_sums(const BackwardArguments& g, const float* rows, int taps) {
  const int warps = static_cast<int>(blockDim.x) / 32, numbers = 2 + taps;
  for (int i = static_cast<int>(threadIdx.x); i < numbers * kChunk; i += static_cast<int>(blockDim.x)) {
    const int number = i / kChunk, channel = static_cast<int>(blockIdx.x) * kChunk + i % kChunk;
    if (channel >= g.channels || (number < 2 && !g.sums)) continue;
    float sum = 0;
    for (int warp = 0; warp < warps; ++warp) sum += rows[warp * numbers * kChunk + i];
    const auto part = static_cast<Index>(blockIdx.y);
    store_global(number < 2 ? g.sums + (part * 2 + number) * g.channels + channel
                            : g.weight_parts + (part * taps + number - 2) * g.channels + channel,
                 sum);
  }
}

template <class T, int K, int S>
__global__ void __launch_bounds__(kThreads, K < 7 ? 2 : 1)
    depthwise_backward_row_walk(const BackwardArguments g) {
  constexpr int V = backward_channels(K), kWindow = (K + S - 1) / S, kStep = rows_a_step(S);
  const DepthwisePlan& plan = g.plan;
  const int first_channel = static_cast<int>(blockIdx.x) * kChunk;
  auto* staged = static_cast<float*>(dynamic_shared());                           // dy (staged pixels, 32)
  float* coefficients = staged + backward_floats(plan.staged_pixels(), K * K);    // a, b, c, 32 each
  auto* raw_d = reinterpret_cast<T*>(coefficients + 3 * kChunk);                  // (staged pixels, 32)
  T* raw_y = raw_d + plan.staged_pixels() * kChunk;                               // where there is y
  auto* gates = reinterpret_cast<float*>(raw_y + plan.staged_pixels() * kChunk);  // where there is a gate

  const Place<V> place;
  const int channel = first_channel + place.lane * V;
  stage_weights(staged, g.weights, first_channel, g.channels, K * K);
  stage_channels(coefficients, g.a, first_channel, g.channels, 1.0f);
  stage_channels(coefficients + kChunk, g.b, first_channel, g.channels, 0.0f);
  stage_channels(coefficients + 2 * kChunk, g.c, first_channel, g.channels, 0.0f);
  if (g.gate) {
    stage_channels(gates, g.y_scale, first_channel, g.channels, 0.0f);
    stage_channels(gates + kChunk, g.y_offset, first_channel, g.channels, 0.0f);
  }
  __syncthreads();
  float weights[K * K][V], weight_sums[K * K][V] = {};
#pragma unroll
  for (int tap = 0; tap < K * K; ++tap) {
#pragma unroll
    for (int v = 0; v < V; ++v) weights[tap][v] = staged[(place.lane * V + v) * K * K + tap];
  }

  const int picture = place.column / plan.tile_width, column = place.column % plan.tile_width;
  const bool has_column = picture < plan.pictures && channel < g.channels;
  float scale[V] = {}, shift[V] = {}, mean[V] = {}, sum[V] = {}, product[V] = {};
  if (has_column && g.scale) {
    load_channels(g.scale + channel, scale);
    load_channels(g.offset + channel, shift);
  }
  if (has_column && g.sums) load_channels(g.mean + channel, mean);
  const float* window_at = staged + (has_column ? picture * plan.staged_columns + column : 0) * kChunk +
                           (has_column ? place.lane * V : 0);
  const int row_floats = plan.pictures * plan.staged_columns * kChunk;

  const int last_item = (static_cast<int>(blockIdx.y) + 1) * plan.items_a_part;
  for (int number = static_cast<int>(blockIdx.y) * plan.items_a_part;
       number < last_item && number < plan.items; ++number) {
    const Item item = item_of(plan, number);
    const bool active =
        has_column && item.picture + picture < g.batch && item.first_column + column < plan.columns;
    StagedWindow staged_window{g.out_height,
                               g.out_width,
                               g.channels,
                               g.batch - item.picture,
                               (g.channels - first_channel) / kPiece,
                               plan.first_row + item.first_row - (kWindow - 1),
                               plan.first_column + item.first_column - (kWindow - 1)};
    const Index of_outputs =
        static_cast<Index>(item.picture) * g.out_height * g.out_width * g.channels + first_channel;
    const auto ask = [&] {
      unsigned asked = 0, bit = 1;
      each_piece(plan, staged_window, [&](int slot, int offset) {
        if (offset >= 0) {
          ask_for_piece(raw_d + slot * kPiece, static_cast<const T*>(g.y_gradient) + (of_outputs + offset));
          if (g.y) ask_for_piece(raw_y + slot * kPiece, static_cast<const T*>(g.y) + (of_outputs + offset));
          asked |= bit;
        }
        bit <<= 1;
      });
      return asked;
    };

    // A cell's own pixels, in values from the picture's first one; negative outside of the map.
    const Index picture_at =
        static_cast<Index>(item.picture + picture) * g.height * g.width * g.channels + channel;
    const int cell_x = (plan.first_column + item.first_column + column) * S - g.pad_left;
    const auto pixel_at = [&](int cell_row, int q, int r) {
      const int at_y = (plan.first_row + cell_row) * S + q - g.pad_top, at_x = cell_x + r;
      const bool inside = active && at_y >= 0 && at_y < g.height && at_x >= 0 && at_x < g.width;
      return inside ? (at_y * g.width + at_x) * g.channels : -1;
    };
    Word<T, V> own[S][S] = {};  // of the next row of cells, on their way while this one is computed
    const auto ask_for_own = [&](int cell_row) {
#pragma unroll
      for (int q = 0; q < S; ++q) {
#pragma unroll
        for (int r = 0; r < S; ++r) {
          const int at = cell_row < item.rows_end ? pixel_at(cell_row, q, r) : -1;
          if (at >= 0) own[q][r] = load_global<Word<T, V>>(static_cast<const T*>(g.x) + (picture_at + at));
        }
      }
    };
    ask_for_own(item.first_row);
    if (g.gate)
      stage_gates(g, gates, item.picture, first_channel);  // all have finished the last item's pieces

    float window[kWindow][kWindow][V] = {};  // [t][u]: dy of t rows up, u columns to the left
    unsigned asked = ask();
    for (int step = item.first_row - (kWindow - 1); step < item.rows_end; step += kStep) {
      wait_for_copies();
      __syncthreads();  // all have computed the step before
      finish_pieces(g, coefficients, gates, raw_d, raw_y, staged, asked);
      staged_window.first_row += kStep;
      asked = step + kStep < item.rows_end ? ask() : 0;
      __syncthreads();
#pragma unroll
      for (int row = 0; row < kStep; ++row) {
#pragma unroll
        for (int t = kWindow - 1; t > 0; --t) {
#pragma unroll
          for (int u = 0; u < kWindow; ++u) {
#pragma unroll
            for (int v = 0; v < V; ++v) window[t][u][v] = window[t - 1][u][v];
          }
        }
#pragma unroll
        for (int u = 0; u < kWindow; ++u)
          load_shared(window_at + row * row_floats + (kWindow - 1 - u) * kChunk, window[0][u]);
        const int cell_row = step + row;
        if (cell_row < item.first_row || cell_row >= item.rows_end) continue;
        Word<T, V> current[S][S];
#pragma unroll
        for (int q = 0; q < S; ++q) {
#pragma unroll
          for (int r = 0; r < S; ++r) current[q][r] = own[q][r];
        }
        ask_for_own(cell_row + 1);
#pragma unroll
        for (int q = 0; q < S; ++q) {
#pragma unroll
          for (int r = 0; r < S; ++r) {
            const int at = pixel_at(cell_row, q, r);
            if (at < 0) continue;
            float raw[V], value[V], slope[V], gradient[V] = {};
            unpack<T, V>(current[q][r], raw);
#pragma unroll
            for (int v = 0; v < V; ++v) {
              value[v] = g.scale ? raw[v] * scale[v] + shift[v] : raw[v];
              slope[v] = 1.0f;
            }
            if (g.scale) activate(g.activation, value, slope);
            multiply<K, S>(window, q, r, weights, value, gradient, weight_sums);
#pragma unroll
            for (int v = 0; v < V; ++v) gradient[v] *= slope[v];
            if (g.addend) {
              float more[V];
              unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.addend) + (picture_at + at)),
                           more);
#pragma unroll
              for (int v = 0; v < V; ++v) gradient[v] += more[v];
            }
            const Word<T, V> word = pack<T, V>(gradient);
            store_global(static_cast<T*>(g.x_gradient) + (picture_at + at), word);
            unpack<T, V>(word, gradient);
#pragma unroll
            for (int v = 0; v < V; ++v) {
              sum[v] += gradient[v];
              product[v] += gradient[v] * (raw[v] - mean[v]);
            }
          }
        }
      }
    }
  }

  __syncthreads();  // all have computed the last step
  float* row = staged + static_cast<int>(threadIdx.x) / 32 * (2 + K * K) * kChunk;
  put_sum(sum, row);
  put_sum(product, row + kChunk);
#pragma unroll
  for (int tap = 0; tap < K * K; ++tap) put_sum(weight_sums[tap], row + (2 + tap) * kChunk);
  __syncthreads();
  store_sums(g, staged, K * K);
}

template <class T, int K, int S>
void launch_backward(const DepthwiseBackward& work, Stream stream) {
  const DepthwiseShape& s = work.shape;
  const DepthwisePlan plan = plan_backward(s);
  const auto of = [](Index n) { return static_cast<int>(n); };
  launch({.kernel = "depthwise_backward_row_walk",
          .blocks_x = static_cast<unsigned>(plan.chunks),
          .blocks_y = static_cast<unsigned>(plan.parts),
          .threads = static_cast<unsigned>(plan.threads),
          .shared_bytes = backward_shared_bytes(s, work.storage, work.y ? 2 : 1, work.gate != nullptr),
          .stream = stream},
         depthwise_backward_row_walk<T, K, S>,
         {.plan = plan,
          .batch = of(s.batch),
          .channels = of(s.channels),
          .height = of(s.height),
          .width = of(s.width),
          .out_height = of(s.out_height),
          .out_width = of(s.out_width),
          .pad_top = of(s.pad_top),
          .pad_left = of(s.pad_left),
          .activation = work.activation,
          .y_gradient = work.y_gradient,
          .y = work.y,
          .a = work.a,
          .b = work.b,
          .c = work.c,
          .gate = work.gate,
          .mean_gradient = work.mean_gradient,
          .y_scale = work.y_scale,
          .y_offset = work.y_offset,
          .y_activation = work.y_activation,
          .x = work.x,
          .scale = work.scale,
          .offset = work.offset,
          .mean = work.mean,
          .weights = work.weights,
          .addend = work.addend,
          .x_gradient = work.x_gradient,
          .sums = work.sums,
          .weight_parts = work.weight_parts});
  join_tap_sums({.channels = of(s.channels),
                 .taps = K * K,
                 .parts = plan.parts,
                 .weight_parts = work.weight_parts,
                 .weight_gradient = work.weight_gradient},
                stream);
}

}  // namespace

void depthwise_backward(const DepthwiseBackward& work, Stream stream) {
  plan_backward(work.shape);  // refuses other shapes
  with_storage(work.storage, [&](auto element) {
    with_kernel_and_stride(work.shape, [&](auto kernel, auto stride) {
      launch_backward<decltype(element), decltype(kernel)::value, decltype(stride)::value>(work, stream);
    });
  });
}

}  // namespace effnet::cuda
