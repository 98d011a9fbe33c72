// depthwise_forward.h's kernel. A thread owns one column of outputs of a few channels and walks down the rows: an input
// row is read once, goes into all outputs that it is a part of, and an output leaves when its last row has passed. So
// weights and unfinished outputs stay in registers, and shared memory holds only the rows of one step.
//
//   a row of inputs costs a thread  k shared loads of V floats, k * k / stride * V multiply-adds
//   registers                       (k * k + ceil(k / stride) + k) * V floats and the moments' 5 V
#include "cuda/depthwise_forward.h"

#include "cuda/device/activation.h"
#include "cuda/device/depthwise_stage.h"
#include "cuda/device/dispatch.h"
#include "cuda/device/moments.h"

namespace effnet::cuda {
namespace {

struct ForwardArguments {
  DepthwisePlan plan;
  int batch, channels, height, width, out_height, out_width, pad_top, pad_left;
  Activation activation;
  const void* x;
  const float *scale, *offset, *weights;
  void* y;
  float* moments;
};

// The pieces that this thread has asked for, through batch norm and activation; 0 where it has not. Half a piece at a
// time: registers are scarce beside the weights.
template <class T>
__device__ __forceinline__ void activate_pieces(const ForwardArguments& g, const float* coefficients,
                                                const T* raw, float* activated, unsigned asked) {
  const int pieces = g.plan.staged_pixels() * kPieces;
#pragma unroll 1
  for (int slot = static_cast<int>(threadIdx.x); slot < pieces; slot += static_cast<int>(blockDim.x)) {
#pragma unroll 1
    for (int at = slot * kPiece; at < (slot + 1) * kPiece; at += kPiece / 2) {
      float values[kPiece / 2] = {};
      if (asked & 1) {
        take(raw + at, values);
        if (g.scale) {
          float scale[kPiece / 2], offset[kPiece / 2];
          load_shared(coefficients + at % kChunk, scale);
          load_shared(coefficients + kChunk + at % kChunk, offset);
#pragma unroll
          for (int v = 0; v < kPiece / 2; ++v) values[v] = values[v] * scale[v] + offset[v];
          activate(g.activation, values);
        }
      }
      store_shared(activated + at, values);
    }
    asked >>= 1;
  }
}

// A row of inputs into all outputs that it is a part of; its number is q modulo the stride.
template <int K, int S, int V>
__device__ __forceinline__ void add_inputs(const float* row, int q, const float (&weights)[K * K][V],
                                           float (&open)[(K + S - 1) / S][V]) {
  float inputs[K][V];
#pragma unroll
  for (int j = 0; j < K; ++j) load_shared(row + j * kChunk, inputs[j]);
#pragma unroll
  for (int i = q; i < K; i += S) {
#pragma unroll
    for (int j = 0; j < K; ++j) {
#pragma unroll
      for (int v = 0; v < V; ++v) open[i / S][v] += weights[i * K + j][v] * inputs[j][v];
    }
  }
}

// Joins the moments of all threads that have the same channel and stores the block's row: within a warp by shuffles, then
// over the warps in their order.
template <int V>
__device__ __forceinline__ void store_moments(const ForwardArguments& g, Moments<float> (&moments)[V],
                                              float* shared) {
  constexpr int kLanes = kChunk / V;
  const Place<V> place;
  const int warp = static_cast<int>(threadIdx.x) / 32, warps = static_cast<int>(blockDim.x) / 32;
#pragma unroll
  for (int apart = kLanes; apart < 32; apart *= 2) {
#pragma unroll
    for (int v = 0; v < V; ++v) {
      const Moments<float> other{__shfl_down_sync(0xFFFFFFFFu, moments[v].count, apart),
                                 __shfl_down_sync(0xFFFFFFFFu, moments[v].mean, apart),
                                 __shfl_down_sync(0xFFFFFFFFu, moments[v].squares, apart)};
      moments[v].join(other);
    }
  }
  __syncthreads();
  if (static_cast<int>(threadIdx.x) % 32 < kLanes) {
#pragma unroll
    for (int v = 0; v < V; ++v) {
      float* row = shared + warp * 3 * kChunk + place.lane * V + v;
      row[0] = moments[v].count;
      row[kChunk] = moments[v].mean;
      row[2 * kChunk] = moments[v].squares;
    }
  }
  __syncthreads();
  const int c = static_cast<int>(threadIdx.x), channel = static_cast<int>(blockIdx.x) * kChunk + c;
  if (c < kChunk && channel < g.channels) {
    Moments<float> all;
    for (int w = 0; w < warps; ++w) {
      const float* row = shared + w * 3 * kChunk + c;
      all.join({row[0], row[kChunk], row[2 * kChunk]});
    }
    float* out = g.moments + static_cast<Index>(blockIdx.y) * 3 * g.channels + channel;
    store_global(out, all.count);
    store_global(out + g.channels, all.mean);
    store_global(out + 2 * g.channels, all.squares);
  }
}

template <class T, int K, int S>
__global__ void __launch_bounds__(kThreads, 2) depthwise_forward_row_walk(const ForwardArguments g) {
  constexpr int V = forward_channels(K), kOpen = (K + S - 1) / S, kStep = rows_a_step(S);
  const DepthwisePlan& plan = g.plan;
  const int first_channel = static_cast<int>(blockIdx.x) * kChunk;
  auto* activated = static_cast<float*>(dynamic_shared());                        // (staged pixels, 32)
  float* coefficients = activated + forward_floats(plan.staged_pixels(), K * K);  // scale and offset, 32 each
  auto* raw = reinterpret_cast<T*>(coefficients + 2 * kChunk);                    // (staged pixels, 32)

  const Place<V> place;
  const int channel = first_channel + place.lane * V;
  stage_weights(activated, g.weights, first_channel, g.channels, K * K);
  stage_channels(coefficients, g.scale, first_channel, g.channels, 1.0f);
  stage_channels(coefficients + kChunk, g.offset, first_channel, g.channels, 0.0f);
  __syncthreads();
  float weights[K * K][V];
#pragma unroll
  for (int tap = 0; tap < K * K; ++tap) {
#pragma unroll
    for (int v = 0; v < V; ++v) weights[tap][v] = activated[(place.lane * V + v) * K * K + tap];
  }

  const int picture = place.column / plan.tile_width, column = place.column % plan.tile_width;
  const bool has_column = picture < plan.pictures && channel < g.channels;
  const float* taps = activated + ((has_column ? picture * plan.staged_columns + column * S : 0) * kChunk) +
                      (has_column ? place.lane * V : 0);
  const int row_floats = plan.pictures * plan.staged_columns * kChunk;
  Moments<float> moments[V];

  const int last_item = (static_cast<int>(blockIdx.y) + 1) * plan.items_a_part;
  for (int number = static_cast<int>(blockIdx.y) * plan.items_a_part;
       number < last_item && number < plan.items; ++number) {
    const Item item = item_of(plan, number);
    const int out_column = item.first_column + column;
    const bool active = has_column && item.picture + picture < g.batch && out_column < g.out_width;
    StagedWindow window{g.height,
                        g.width,
                        g.channels,
                        g.batch - item.picture,
                        (g.channels - first_channel) / kPiece,
                        item.first_row * S - g.pad_top,
                        item.first_column * S - g.pad_left};
    const T* x = static_cast<const T*>(g.x) +
                 static_cast<Index>(item.picture) * g.height * g.width * g.channels + first_channel;
    T* y =
        static_cast<T*>(g.y) +
        (static_cast<Index>(item.picture + picture) * g.out_height * g.out_width + out_column) * g.channels +
        channel;
    const auto ask = [&] {
      unsigned asked = 0, bit = 1;
      each_piece(plan, window, [&](int slot, int offset) {
        if (offset >= 0) {
          ask_for_piece(raw + slot * kPiece, x + offset);
          asked |= bit;
        }
        bit <<= 1;
      });
      return asked;
    };

    float open[kOpen][V] = {};  // outputs that rows are still missing of, the newest first
    ShiftedSums<V> sums;
    unsigned asked = ask();
    const int end = item.rows_end + kOpen - 1;
    for (int step = item.first_row; step < end; step += kStep) {
      wait_for_copies();
      __syncthreads();  // all have computed the step before
      activate_pieces(g, coefficients, raw, activated, asked);
      window.first_row += kStep * S;
      asked = step + kStep < end ? ask() : 0;
      __syncthreads();
#pragma unroll
      for (int row = 0; row < kStep; ++row) {
#pragma unroll
        for (int q = 0; q < S; ++q) add_inputs<K, S>(taps + (row * S + q) * row_floats, q, weights, open);
        const int out_row = step + row - (kOpen - 1);
        if (active && out_row >= item.first_row && out_row < item.rows_end) {
          const Word<T, V> word = pack<T, V>(open[kOpen - 1]);
          store_global(y + out_row * g.out_width * g.channels, word);
          float stored[V];
          unpack<T, V>(word, stored);
          if (g.moments) sums.add(stored);
        }
#pragma unroll
        for (int back = kOpen - 1; back > 0; --back) {
#pragma unroll
          for (int v = 0; v < V; ++v) open[back][v] = open[back - 1][v];
        }
#pragma unroll
        for (int v = 0; v < V; ++v) open[0][v] = 0.0f;
      }
    }
    sums.join_into(moments);
  }
  if (g.moments) store_moments(g, moments, activated);
}

template <class T, int K, int S>
void launch_forward(const DepthwiseForward& work, Stream stream) {
  const DepthwiseShape& s = work.shape;
  const DepthwisePlan plan = plan_forward(s);
  const auto of = [](Index n) { return static_cast<int>(n); };
  launch({.kernel = "depthwise_forward_row_walk",
          .blocks_x = static_cast<unsigned>(plan.chunks),
          .blocks_y = static_cast<unsigned>(plan.parts),
          .threads = static_cast<unsigned>(plan.threads),
          .shared_bytes = forward_shared_bytes(s, work.storage),
          .stream = stream},
         depthwise_forward_row_walk<T, K, S>,
         {plan, of(s.batch), of(s.channels), of(s.height), of(s.width), of(s.out_height), of(s.out_width),
          of(s.pad_top), of(s.pad_left), work.activation, work.x, work.scale, work.offset, work.weights,
          work.y, work.moments});
}

}  // namespace

void depthwise_forward(const DepthwiseForward& work, Stream stream) {
  plan_forward(work.shape);  // refuses other shapes
  with_storage(work.storage, [&](auto element) {
    with_kernel_and_stride(work.shape, [&](auto kernel, auto stride) {
      launch_forward<decltype(element), decltype(kernel)::value, decltype(stride)::value>(work, stream);
    });
  });
}

}  // namespace effnet::cuda
