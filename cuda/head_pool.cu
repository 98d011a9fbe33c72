// head_pool.h's kernels. Maps are small there, so a picture is not divided: its mean needs no second stage.
#include "cuda/head_pool.h"

#include "cuda/device/activation.h"
#include "cuda/device/dispatch.h"
#include "cuda/device/row_walk.h"

namespace effnet::cuda {
namespace {

struct HeadArguments {
  RowPlan plan;
  Activation activation;
  const void* y;
  const float *scale, *offset;
  float* pooled;
};

template <class T>
__global__ void __launch_bounds__(kRowThreads, 4) head_pool_forward_rows(const HeadArguments g) {
  constexpr int V = kVector<T>;
  const RowPlace<T> place(g.plan);
  float scale[V], offset[V] = {}, sum[V] = {};
#pragma unroll
  for (int v = 0; v < V; ++v) scale[v] = 1;
  if (place.there && g.scale) {
    load_channels(g.scale + place.channel, scale);
    load_channels(g.offset + place.channel, offset);
  }
  each_vector<T>(g.plan, place, [&](int, Index at) {
    float value[V];
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), value);
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = value[v] * scale[v] + offset[v];
    activate(g.activation, value);
#pragma unroll
    for (int v = 0; v < V; ++v) sum[v] += value[v];
  });
  sum_rows(g.plan, place, static_cast<float*>(dynamic_shared()), sum);
  if (!place.there || place.row > 0) return;
#pragma unroll
  for (int v = 0; v < V; ++v) sum[v] /= static_cast<float>(g.plan.pixels);
  store_channels(g.pooled + static_cast<Index>(blockIdx.x) * g.plan.channels + place.channel, sum);
}

struct HeadGradientArguments {
  RowPlan plan;
  Activation activation;
  const float* pooled_gradient;
  const void* y;
  const float *scale, *offset, *mean;
  void* y_gradient;
  float* sums;
};

template <class T>
__global__ void __launch_bounds__(kRowThreads, 2) head_pool_backward_rows(const HeadGradientArguments g) {
  constexpr int V = kVector<T>;
  const RowPlace<T> place(g.plan);
  float scale[V] = {}, offset[V] = {}, mean[V] = {}, sum[V] = {}, product[V] = {};
  if (place.there) {
    load_channels(g.scale + place.channel, scale);
    load_channels(g.offset + place.channel, offset);
    load_channels(g.mean + place.channel, mean);
  }
  const float share = 1.0f / static_cast<float>(g.plan.pixels);
  each_vector<T>(g.plan, place, [&](int picture, Index at) {
    float d[V], y[V], value[V], slope[V] = {};
    load_channels(g.pooled_gradient + static_cast<Index>(picture) * g.plan.channels + place.channel, d);
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), y);
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = y[v] * scale[v] + offset[v];
    activate(g.activation, value, slope);
#pragma unroll
    for (int v = 0; v < V; ++v) d[v] *= share * slope[v];
    const Word<T, V> word = pack<T, V>(d);
    store_global(static_cast<T*>(g.y_gradient) + at, word);
    unpack<T, V>(word, d);
#pragma unroll
    for (int v = 0; v < V; ++v) {
      sum[v] += d[v];
      product[v] += d[v] * (y[v] - mean[v]);
    }
  });

  store_norm_sums(g.plan, place, g.sums, sum, product);
}

template <class T>
void launch_forward(const HeadPoolForward& work, Stream stream) {
  const RowPlan plan = plan_rows(work.shape, work.storage, RowCut::kPictures);
  launch_rows("head_pool_forward_rows", head_pool_forward_rows<T>, row_shared_bytes(plan, work.storage),
              stream, {plan, work.activation, work.y, work.scale, work.offset, work.pooled});
}

template <class T>
void launch_backward(const HeadPoolBackward& work, Stream stream) {
  const RowPlan plan = plan_rows(work.shape, work.storage, RowCut::kMap);
  launch_rows("head_pool_backward_rows", head_pool_backward_rows<T>, row_shared_bytes(plan, work.storage),
              stream,
              {plan, work.activation, work.pooled_gradient, work.y, work.scale, work.offset, work.mean,
               work.y_gradient, work.sums});
}

}  // namespace

void head_pool_forward(const HeadPoolForward& work, Stream stream) {
  with_storage(work.storage, [&](auto element) { launch_forward<decltype(element)>(work, stream); });
}

void head_pool_backward(const HeadPoolBackward& work, Stream stream) {
  with_storage(work.storage, [&](auto element) { launch_backward<decltype(element)>(work, stream); });
}

}  // namespace effnet::cuda
