// expand_depthwise.h's kernel. A chunk of channels is expanded for all pixels of the tile, strips of 16 by the warps in
// turn, and lies in shared memory as it would be stored; then threads own columns of outputs of a few channels and walk
// down the rows as depthwise_forward.cu's do. The weights of the next chunk are on their way meanwhile.
//
//   a strip      Cin / 16 times 3 loads of matrices and 4 products, then 16 activations a lane
//   an expanded row of a column   k shared loads of V numbers, k * k / stride * V multiply-adds
#include "cuda/expand_depthwise.h"

#include "cuda/device/activation.h"
#include "cuda/device/depthwise_stage.h"
#include "cuda/device/dispatch.h"
#include "cuda/device/row_product.h"

namespace effnet::cuda {
namespace {

struct ExpandArguments {
  ExpandDepthwisePlan plan;
  ExpandDepthwiseMemory memory;
  int batch, in_channels, channels, height, width, out_height, out_width, pad_top, pad_left;
  Activation activation, out_activation;
  const void *x, *expand;
  const float *scale, *offset, *weights, *out_scale, *out_offset;
  void* y;
  float* sums;
};

// A block's tile, and the part of its expanded tile that lies inside of the map.
struct Tile {
  int picture, pictures, number;      // the first, how many there are, the tile's number in a picture
  int first_row, rows, first_column;  // of outputs
  int top, left;                      // of the map at the expanded tile's corner
  int in_first_row, in_rows, in_first_column, in_columns;  // inside, from that corner

  __device__ __forceinline__ int pixels() const { return pictures * in_rows * in_columns; }
};

__device__ __forceinline__ int lesser(int a, int b) {
  return a < b ? a : b;
}
__device__ __forceinline__ int greater(int a, int b) {
  return a > b ? a : b;
}

template <int K, int S>
__device__ __forceinline__ Tile tile_of(const ExpandArguments& g) {
  const ExpandDepthwisePlan& plan = g.plan;
  const int tiles = plan.tiles_down * plan.tiles_across;
  const int number = static_cast<int>(blockIdx.x) / plan.blocks_across;
  Tile t{};
  t.number = number % tiles;
  t.picture = number / tiles * plan.pictures;
  t.pictures = lesser(plan.pictures, g.batch - t.picture);
  t.first_row = t.number / plan.tiles_across * plan.rows;
  t.rows = lesser(plan.rows, g.out_height - t.first_row);
  t.first_column = t.number % plan.tiles_across * plan.columns;
  const int columns = lesser(plan.columns, g.out_width - t.first_column);
  t.top = t.first_row * S - g.pad_top;
  t.left = t.first_column * S - g.pad_left;
  t.in_first_row = greater(0, -t.top);
  t.in_rows = greater(0, lesser((t.rows - 1) * S + K, g.height - t.top) - t.in_first_row);
  t.in_first_column = greater(0, -t.left);
  t.in_columns = greater(0, lesser((columns - 1) * S + K, g.width - t.left) - t.in_first_column);
  return t;
}

// The expanded tile: 32 channels a cell, its pieces of 16 bytes turned by the column, so that neither eight cells side by
// side that products go to nor two that are convolved are in the same banks.
template <class T>
__device__ __forceinline__ int turn_of(int column) {
  return sizeof(T) == 2 ? column / 2 & 3 : column & 7;
}
template <class T>
__device__ __forceinline__ int turned(int channel, int turn) {
  return (channel / kVector<T> ^ turn) * kVector<T> + channel % kVector<T>;
}

// Where a pixel of the tile lies in it: its cell's first number, a multiple of 32, and its turn.
template <class T>
__device__ __forceinline__ int place_of(const ExpandArguments& g, const Tile& tile, int pixel) {
  const int in_picture = tile.in_rows * tile.in_columns, picture = pixel / in_picture;
  const int rest = pixel - picture * in_picture, row = rest / tile.in_columns;
  const int column = tile.in_first_column + rest - row * tile.in_columns;
  const int cell = (picture * g.plan.in_rows + tile.in_first_row + row) * g.plan.in_columns + column;
  return cell * kChunk | turn_of<T>(column);
}
__device__ __forceinline__ int cell_of(int place) {
  return place & ~(kChunk - 1);
}
__device__ __forceinline__ int turn_at(int place) {
  return place & (kChunk - 1);
}

// A pixel of the tile in the map.
__device__ __forceinline__ Index row_in_map(const ExpandArguments& g, const Tile& tile, int pixel) {
  const int in_picture = tile.in_rows * tile.in_columns, picture = pixel / in_picture;
  const int rest = pixel - picture * in_picture, row = rest / tile.in_columns;
  return (static_cast<Index>(tile.picture + picture) * g.height + tile.top + tile.in_first_row + row) *
             g.width +
         tile.left + tile.in_first_column + rest - row * tile.in_columns;
}

// What a chunk needs, in shared memory.
template <class T>
struct ChunkMemory {
  T* expand;       // (32, row_pieces)
  float* taps;     // (32, k, k)
  float* numbers;  // scale, offset, out_scale, out_offset, 32 each

  __device__ __forceinline__ ChunkMemory(const ExpandArguments& g, std::byte* shared, int taps_a_channel,
                                         int buffer) {
    std::byte* at = shared + g.memory.of_chunk + buffer * g.memory.chunk_bytes;
    expand = reinterpret_cast<T*>(at);
    taps = reinterpret_cast<float*>(at + kChunk * 16 * g.plan.row_pieces);
    numbers = taps + kChunk * taps_a_channel;
  }
};

// `rows` rows of `width` numbers, one behind the other in memory or found by row_at(), into rows of row_pieces; behind them
// 0. Rows from `present` on are 0.
template <class T, class RowAt>
__device__ __forceinline__ void ask_for_rows(T* shared, int row_pieces, int rows, int present, int width,
                                             RowAt&& row_at) {
  const int used = width / kVector<T>;
#pragma unroll 1
  for (int slot = static_cast<int>(threadIdx.x); slot < rows * row_pieces;
       slot += static_cast<int>(blockDim.x)) {
    const int row = slot / row_pieces, piece = slot - row * row_pieces;
    T* to = shared + slot * kVector<T>;
    if (row < present && piece < used) {
      copy_16_to_shared(to, row_at(row) + piece * kVector<T>);
    } else {
      clear_piece(to);
    }
  }
}

template <class T>
__device__ __forceinline__ void ask_for_chunk(const ExpandArguments& g, const ChunkMemory<T>& memory,
                                              int first, int taps) {
  const int width = lesser(kChunk, g.channels - first);
  if (g.expand) {
    const T* rows = static_cast<const T*>(g.expand) + static_cast<Index>(first) * g.in_channels;
    ask_for_rows(memory.expand, g.plan.row_pieces, kChunk, width, g.in_channels,
                 [&](int row) { return rows + row * g.in_channels; });
  }
  // A multiple of 8 channels: whole pieces.
  for (int at = 4 * static_cast<int>(threadIdx.x); at < kChunk * taps;
       at += 4 * static_cast<int>(blockDim.x)) {
    if (at < width * taps) {
      copy_16_to_shared(memory.taps + at, g.weights + first * taps + at);
    } else {
      clear_piece(memory.taps + at);
    }
  }
  constexpr int kPiecesOfVector = kChunk / 4;
  const int vector = static_cast<int>(threadIdx.x) / kPiecesOfVector;
  if (vector < 4) {
    const float* from = vector == 0   ? g.scale
                        : vector == 1 ? g.offset
                        : vector == 2 ? g.out_scale
                                      : g.out_offset;
    const int at = static_cast<int>(threadIdx.x) % kPiecesOfVector * 4;
    float* to = memory.numbers + vector * kChunk + at;
    if (from && at < width) {
      copy_16_to_shared(to, from + first + at);
    } else {
      clear_piece(to);
    }
  }
}

// The chunk for all pixels of the tile, as products of the rows of x.
template <class T>
__device__ __forceinline__ void expand_chunk(const ExpandArguments& g, const Tile& tile, const T* x,
                                             const ChunkMemory<T>& chunk, const int* places, T* expanded) {
  constexpr int kTiles = kChunk / 8;
  const int row = g.plan.row_pieces * kVector<T>, pixels = tile.pixels(), first = 2 * (lane_of() % 4);
  float scale[kTiles][2], offset[kTiles][2];
#pragma unroll
  for (int t = 0; t < kTiles; ++t) {
    load_shared(chunk.numbers + 8 * t + first, scale[t]);
    load_shared(chunk.numbers + kChunk + 8 * t + first, offset[t]);
  }
#pragma unroll 1
  for (int strip = warp_of(); strip * kStripRows < pixels; strip += kThreads / 32) {
    float sums[kTiles][4] = {};
    multiply_rows(sums, x + strip * kStripRows * row, chunk.expand, row, g.in_channels);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int pixel = strip * kStripRows + 8 * half + lane_of() / 4;
      if (pixel >= pixels) break;
      float values[2 * kTiles];
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
#pragma unroll
        for (int i = 0; i < 2; ++i) values[2 * t + i] = sums[t][2 * half + i] * scale[t][i] + offset[t][i];
      }
      activate(g.activation, values);
      const int place = places[pixel];
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
        const float pair[2] = {values[2 * t], values[2 * t + 1]};
        *reinterpret_cast<Word<T, 2>*>(expanded + cell_of(place) + turned<T>(8 * t + first, turn_at(place))) =
            pack<T, 2>(pair);
      }
    }
  }
}

// The chunk for all pixels of the tile, from the map where it is there already.
template <class T>
__device__ __forceinline__ void bring_chunk(const ExpandArguments& g, const Tile& tile, int first,
                                            const ChunkMemory<T>& chunk, const int* places, T* expanded) {
  constexpr int V = kVector<T>, kPiecesOfT = kChunk / V;
  const int slots = tile.pixels() * kPiecesOfT;
#pragma unroll 2
  for (int slot = static_cast<int>(threadIdx.x); slot < slots; slot += static_cast<int>(blockDim.x)) {
    const int pixel = slot / kPiecesOfT, channel = slot % kPiecesOfT * V;
    if (first + channel >= g.channels) continue;
    const T* from = static_cast<const T*>(g.x) + (row_in_map(g, tile, pixel) * g.channels + first + channel);
    auto word = load_global<uint4>(from);
    if (g.scale) {
      float values[V];
      unpack<T, V>(word, values);
#pragma unroll
      for (int v = 0; v < V; ++v)
        values[v] = values[v] * chunk.numbers[channel + v] + chunk.numbers[kChunk + channel + v];
      activate(g.activation, values);
      word = pack<T, V>(values);
    }
    *reinterpret_cast<uint4*>(expanded + cell_of(places[pixel]) +
                              turned<T>(channel, turn_at(places[pixel]))) = word;
  }
}

// Column by column from the expanded tile to the map, and each column's sums.
template <class T, int K, int S>
__device__ __forceinline__ void convolve_chunk(const ExpandArguments& g, const Tile& tile, int first_channel,
                                               const ChunkMemory<T>& chunk, const T* expanded,
                                               float* task_sums) {
  constexpr int V = forward_channels(K), kOpen = (K + S - 1) / S;
  const ExpandDepthwisePlan& plan = g.plan;
  const Place<V> place;
  const int channel = first_channel + place.lane * V,
            groups = static_cast<int>(blockDim.x) / Place<V>::kLanes;
  const float* numbers = chunk.numbers + 2 * kChunk + place.lane * V;
  float weights[K * K][V];
#pragma unroll
  for (int tap = 0; tap < K * K; ++tap) {
#pragma unroll
    for (int v = 0; v < V; ++v) weights[tap][v] = chunk.taps[(place.lane * V + v) * K * K + tap];
  }

  const int tasks = tile.pictures * plan.segments * plan.columns;
#pragma unroll 1
  for (int task = place.column; task < tasks; task += groups) {
    const int column = task % plan.columns, rest = task / plan.columns;
    const int segment = rest % plan.segments, picture = rest / plan.segments;
    const int first_row = segment * plan.segment_rows,
              last_row = lesser(first_row + plan.segment_rows, tile.rows);
    const int out_column = tile.first_column + column;
    float sums[V] = {};
    if (channel < g.channels && out_column < g.out_width && first_row < last_row) {
      const T* row = expanded + (picture * plan.in_rows + first_row * S) * plan.in_columns * kChunk;
      int taps_at[K];
#pragma unroll
      for (int j = 0; j < K; ++j)
        taps_at[j] = (column * S + j) * kChunk + turned<T>(place.lane * V, turn_of<T>(column * S + j));
      T* y = static_cast<T*>(g.y) + channel +
             ((static_cast<Index>(tile.picture + picture) * g.out_height + tile.first_row) * g.out_width +
              out_column) *
                 g.channels;
      float open[kOpen][V] = {};  // outputs that rows are still missing of, the newest first
#pragma unroll 1
      for (int step = first_row; step < last_row + kOpen - 1; ++step) {
#pragma unroll
        for (int q = 0; q < S; ++q) {
          float inputs[K][V];
#pragma unroll
          for (int j = 0; j < K; ++j)
            unpack<T, V>(*reinterpret_cast<const Word<T, V>*>(row + taps_at[j]), inputs[j]);
#pragma unroll
          for (int i = q; i < K; i += S) {
#pragma unroll
            for (int j = 0; j < K; ++j) {
#pragma unroll
              for (int v = 0; v < V; ++v) open[i / S][v] += weights[i * K + j][v] * inputs[j][v];
            }
          }
          row += plan.in_columns * kChunk;
        }
        const int out_row = step - (kOpen - 1);
        if (out_row >= first_row) {
          float values[V], scale[V], offset[V];  // not held beside the weights: registers are scarce
          load_shared(numbers, scale);
          load_shared(numbers + kChunk, offset);
#pragma unroll
          for (int v = 0; v < V; ++v) values[v] = open[kOpen - 1][v] * scale[v] + offset[v];
          activate(g.out_activation, values);
          store_global(y + out_row * g.out_width * g.channels, pack<T, V>(values));
#pragma unroll
          for (int v = 0; v < V; ++v) sums[v] += values[v];
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
    if (g.sums) store_shared(task_sums + task * kChunk + place.lane * V, sums);
  }
}

// A picture's sums of a chunk, over its columns in their order.
__device__ __forceinline__ void store_sums(const ExpandArguments& g, const Tile& tile, int first_channel,
                                           const float* task_sums) {
  const int picture = static_cast<int>(threadIdx.x) / kChunk, c = static_cast<int>(threadIdx.x) % kChunk;
  if (!g.sums || picture >= tile.pictures || first_channel + c >= g.channels) return;
  const int tasks = g.plan.segments * g.plan.columns, tiles = g.plan.tiles_down * g.plan.tiles_across;
  const float* from = task_sums + picture * tasks * kChunk + c;
  float sum = 0;
  for (int task = 0; task < tasks; ++task) sum += from[task * kChunk];
  const Index part = static_cast<Index>(tile.picture + picture) * tiles + tile.number;
  store_global(g.sums + (part * g.channels + first_channel + c), sum);
}

template <class T, int K, int S>
__global__ void __launch_bounds__(kThreads, 2) expand_depthwise_tiles(const ExpandArguments g) {
  const ExpandDepthwisePlan& plan = g.plan;
  auto* shared = static_cast<std::byte*>(dynamic_shared());
  auto* x = reinterpret_cast<T*>(shared + g.memory.x);
  auto* expanded = reinterpret_cast<T*>(shared + g.memory.expanded);
  auto* places = reinterpret_cast<int*>(shared + g.memory.places);
  auto* task_sums = reinterpret_cast<float*>(shared + g.memory.task_sums);
  EFFNET_SHARED(Tile, tiles, [1]);  // its numbers are rarely needed, and registers scarce
  if (threadIdx.x == 0) tiles[0] = tile_of<K, S>(g);
  __syncthreads();
  const Tile& tile = tiles[0];
  const int pixels = tile.pixels(),
            first = static_cast<int>(blockIdx.x) % plan.blocks_across * plan.chunks_a_block;
  const int last = lesser(first + plan.chunks_a_block, plan.chunks);

  if (g.expand) {
    ask_for_rows(x, plan.row_pieces, pixels, pixels, g.in_channels, [&](int pixel) {
      return static_cast<const T*>(g.x) + row_in_map(g, tile, pixel) * g.in_channels;
    });
  }
  ask_for_chunk(g, ChunkMemory<T>(g, shared, K * K, first & 1), first * kChunk, K * K);
  for (int pixel = static_cast<int>(threadIdx.x); pixel < pixels; pixel += kThreads)
    places[pixel] = place_of<T>(g, tile, pixel);
  // What lies outside of the map stays 0 for all chunks.
  const int cells = plan.pictures * plan.in_rows * plan.in_columns;
  for (int at = static_cast<int>(threadIdx.x) * kVector<T>; at < cells * kChunk; at += kThreads * kVector<T>)
    clear_piece(expanded + at);

  for (int number = first; number < last; ++number) {
    const ChunkMemory<T> chunk(g, shared, K * K, number & 1);
    wait_for_copies();
    __syncthreads();  // all have convolved the chunk before
    if (number > first) store_sums(g, tile, (number - 1) * kChunk, task_sums);
    if (number + 1 < last)
      ask_for_chunk(g, ChunkMemory<T>(g, shared, K * K, (number + 1) & 1), (number + 1) * kChunk, K * K);
    if (g.expand) {
      expand_chunk(g, tile, x, chunk, places, expanded);
    } else {
      bring_chunk(g, tile, number * kChunk, chunk, places, expanded);
    }
    __syncthreads();
    convolve_chunk<T, K, S>(g, tile, number * kChunk, chunk, expanded, task_sums);
  }
  __syncthreads();
  store_sums(g, tile, (last - 1) * kChunk, task_sums);
}

template <class T, int K, int S>
void launch_expand(const ExpandDepthwise& work, Stream stream) {
  const DepthwiseShape& s = work.shape;
  const ExpandDepthwisePlan plan = plan_expand_depthwise(s, work.in_channels, work.storage);
  const ExpandDepthwiseMemory memory = memory_of(plan, s.kernel, work.storage);
  const auto of = [](Index n) { return static_cast<int>(n); };
  launch({.kernel = "expand_depthwise_tiles",
          .blocks_x = static_cast<unsigned>(plan.blocks()),
          .threads = kThreads,
          .shared_bytes = static_cast<std::size_t>(memory.bytes),
          .stream = stream},
         expand_depthwise_tiles<T, K, S>,
         {plan,
          memory,
          of(s.batch),
          of(work.in_channels),
          of(s.channels),
          of(s.height),
          of(s.width),
          of(s.out_height),
          of(s.out_width),
          of(s.pad_top),
          of(s.pad_left),
          work.activation,
          work.out_activation,
          work.x,
          work.expand,
          work.scale,
          work.offset,
          work.weights,
          work.out_scale,
          work.out_offset,
          work.y,
          work.sums});
}

}  // namespace

void expand_depthwise(const ExpandDepthwise& work, Stream stream) {
  plan_forward(work.shape);  // refuses other shapes
  with_storage(work.storage, [&](auto element) {
    with_kernel_and_stride(work.shape, [&](auto kernel, auto stride) {
      launch_expand<decltype(element), decltype(kernel)::value, decltype(stride)::value>(work, stream);
    });
  });
}

}  // namespace effnet::cuda
