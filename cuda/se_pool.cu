// se_pool.h's kernel. A vector costs a load, and a sigmoid a channel for SiLU.
#include "cuda/se_pool.h"

#include "cuda/device/activation.h"
#include "cuda/device/row_walk.h"

namespace effnet::cuda {
namespace {

struct PoolArguments {
  RowPlan plan;
  Activation activation;
  const void* y;
  const float *scale, *offset, *mean;
  float* sums;
};

template <class T, bool kMoments>
__global__ void __launch_bounds__(kRowThreads, 2) se_pool_rows(const PoolArguments g) {
  constexpr int V = kVector<T>;
  const RowPlace<T> place(g.plan);
  float scale[V] = {}, offset[V] = {}, mean[V] = {}, value_sum[V] = {}, slope_sum[V] = {},
        product_sum[V] = {};
  if (place.there) {
    load_channels(g.scale + place.channel, scale);
    load_channels(g.offset + place.channel, offset);
    if constexpr (kMoments) load_channels(g.mean + place.channel, mean);
  }
  each_vector<T>(g.plan, place, [&](int, Index at) {
    float y[V], value[V], slope[V] = {};
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), y);
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = y[v] * scale[v] + offset[v];
    if constexpr (kMoments) {
      activate(g.activation, value, slope);
    } else {
      activate(g.activation, value);
    }
#pragma unroll
    for (int v = 0; v < V; ++v) {
      value_sum[v] += value[v];
      if constexpr (kMoments) {
        slope_sum[v] += slope[v];
        product_sum[v] += slope[v] * (y[v] - mean[v]);
      }
    }
  });

  auto* shared = static_cast<float*>(dynamic_shared());
  float* out = g.sums + static_cast<Index>(blockIdx.x) * (kMoments ? 3 : 1) * g.plan.channels + place.channel;
  const bool writes = place.there && place.row == 0;
  sum_rows(g.plan, place, shared, value_sum);
  if (writes) store_channels(out, value_sum);
  if constexpr (kMoments) {
    sum_rows(g.plan, place, shared, slope_sum);
    if (writes) store_channels(out + g.plan.channels, slope_sum);
    sum_rows(g.plan, place, shared, product_sum);
    if (writes) store_channels(out + 2 * g.plan.channels, product_sum);
  }
}

template <class T, bool kMoments>
void launch_pool(const SePool& work, Stream stream) {
  const RowPlan plan = plan_rows(work.shape, work.storage, RowCut::kSegments);
  launch_rows("se_pool_rows", se_pool_rows<T, kMoments>, row_shared_bytes(plan, work.storage), stream,
              {plan, work.activation, work.y, work.scale, work.offset, work.mean, work.sums});
}

template <class T>
void launch_pool(const SePool& work, Stream stream) {
  work.mean ? launch_pool<T, true>(work, stream) : launch_pool<T, false>(work, stream);
}

}  // namespace

void se_pool(const SePool& work, Stream stream) {
  work.storage == Storage::kFloat ? launch_pool<float>(work, stream) : launch_pool<Bfloat16>(work, stream);
}

}  // namespace effnet::cuda
