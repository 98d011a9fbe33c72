// A thread's way over the rows of a map that row_plan.h has cut, and the sum over the rows of a block.
#pragma once

#include "cuda/device/values.h"
#include "cuda/row_plan.h"

namespace effnet::cuda {

// A vector of 16 bytes.
template <class T>
constexpr int kVector = static_cast<int>(16 / sizeof(T));

// blockIdx.x is the part, blockIdx.y the chunk.
template <class T>
struct RowPlace {
  int lane, row, channel;
  bool
      there;  // the block has more threads than rows and lanes, or its chunk more lanes than the map has channels

  __device__ __forceinline__ explicit RowPlace(const RowPlan& plan)
      : lane(static_cast<int>(threadIdx.x) % plan.lanes), row(static_cast<int>(threadIdx.x) / plan.lanes) {
    channel = (static_cast<int>(blockIdx.y) * plan.lanes + lane) * kVector<T>;
    there = row < plan.rows_at_once && channel < plan.channels;
  }
};

// Calls visit(picture, row) for this thread's rows of the block's part; the row is the picture's.
template <int kUnroll, class T, class Visit>
__device__ __forceinline__ void each_row(const RowPlan& plan, const RowPlace<T>& place, Visit&& visit) {
  if (!place.there) return;
  const int first = static_cast<int>(blockIdx.x) * plan.items_a_part;
  const int last = first + plan.items_a_part < plan.items ? first + plan.items_a_part : plan.items;
  for (int item = first; item < last; ++item) {
    const int picture = item / plan.segments,
              first_row = (item - picture * plan.segments) * plan.segment_rows;
    const int end = first_row + plan.segment_rows < plan.pixels ? first_row + plan.segment_rows : plan.pixels;
#pragma unroll kUnroll
    for (int row = first_row + place.row; row < end; row += plan.rows_at_once) visit(picture, row);
  }
}

// Calls visit(picture, offset) for this thread's vectors of the block's part; offset is that of the vector in the map, in
// values.
template <class T, class Visit>
__device__ __forceinline__ void each_vector(const RowPlan& plan, const RowPlace<T>& place, Visit&& visit) {
  each_row<2>(plan, place, [&](int picture, int row) {
    const Index map = static_cast<Index>(picture) * plan.pixels * plan.channels + place.channel;
    visit(picture, map + row * plan.channels);
  });
}

// The sum over the block's rows, right in the threads of row 0, added by halves in an order that depends on the plan
// alone. `shared` has row_shared_bytes(). Every thread of the block comes here.
template <class T, int V>
__device__ __forceinline__ void sum_rows(const RowPlan& plan, const RowPlace<T>& place, float* shared,
                                         float (&values)[V]) {
  static_assert(V % 4 == 0);
  float* mine = shared + static_cast<int>(threadIdx.x) * V;
  const auto put = [&] {
#pragma unroll
    for (int v = 0; v < V; v += 4) {
      const float four[4] = {values[v], values[v + 1], values[v + 2], values[v + 3]};
      store_shared<4>(mine + v, four);
    }
  };
  __syncthreads();
  put();
  for (int rows = plan.rows_at_once; rows > 1;) {
    const int half = (rows + 1) / 2;
    __syncthreads();
    if (place.row + half < rows) {
#pragma unroll
      for (int v = 0; v < V; v += 4) {
        float four[4];
        load_shared<4>(mine + half * plan.lanes * V + v, four);
#pragma unroll
        for (int w = 0; w < 4; ++w) values[v + w] += four[w];
      }
      put();
    }
    rows = half;
  }
}

template <int V>
__device__ __forceinline__ void store_channels(float* at, const float (&values)[V]) {
#pragma unroll
  for (int v = 0; v < V; v += 4) {
    const float four[4] = {values[v], values[v + 1], values[v + 2], values[v + 3]};
    store_global(at + v, pack<float, 4>(four));
  }
}

// The block's row of a batch norm's sums (parts, 2, C): d and d * (y - mean). Every thread of the block comes here.
template <class T, int V>
__device__ __forceinline__ void store_norm_sums(const RowPlan& plan, const RowPlace<T>& place, float* sums,
                                                float (&sum)[V], float (&product)[V]) {
  auto* shared = static_cast<float*>(dynamic_shared());
  float* out = sums + static_cast<Index>(blockIdx.x) * 2 * plan.channels + place.channel;
  const bool writes = place.there && place.row == 0;
  sum_rows(plan, place, shared, sum);
  if (writes) store_channels(out, sum);
  sum_rows(plan, place, shared, product);
  if (writes) store_channels(out + plan.channels, product);
}

// A kernel over the parts and chunks of a plan.
template <class Arguments>
void launch_rows(const char* name, void (*kernel)(Arguments), std::size_t shared_bytes, Stream stream,
                 const std::type_identity_t<Arguments>& arguments) {
  const RowPlan& plan = arguments.plan;
  launch({.kernel = name,
          .blocks_x = static_cast<unsigned>(plan.parts),
          .blocks_y = static_cast<unsigned>(plan.chunks),
          .threads = static_cast<unsigned>(plan.threads),
          .shared_bytes = shared_bytes,
          .stream = stream},
         kernel, arguments);
}

}  // namespace effnet::cuda
