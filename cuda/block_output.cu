// block_output.h's kernels. A vector costs its loads and its store, 16 bytes each.
#include "cuda/block_output.h"

#include "cuda/device/activation.h"
#include "cuda/device/dispatch.h"
#include "cuda/device/row_walk.h"

namespace effnet::cuda {
namespace {

struct OutputArguments {
  RowPlan plan;
  Activation activation;
  const void* y;
  const float *scale, *offset, *keep;
  const void* x;
  const float *x_scale, *x_offset;
  void* out;
};

template <class T, bool RawX>
__global__ void __launch_bounds__(kRowThreads, RawX ? 2 : 4)
    block_output_forward_rows(const OutputArguments g) {
  constexpr int V = kVector<T>;
  const RowPlace<T> place(g.plan);
  float scale[V] = {}, offset[V] = {}, x_scale[V] = {}, x_offset[V] = {};
  if (place.there) {
    load_channels(g.scale + place.channel, scale);
    load_channels(g.offset + place.channel, offset);
    if constexpr (RawX) {
      load_channels(g.x_scale + place.channel, x_scale);
      load_channels(g.x_offset + place.channel, x_offset);
    }
  }
  each_vector<T>(g.plan, place, [&](int picture, Index at) {
    const float keep = g.keep ? load_global<float>(g.keep + picture) : 1.0f;
    float value[V], x[V] = {};
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), value);
    if (g.x) unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.x) + at), x);
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = value[v] * scale[v] + offset[v];
    activate(g.activation, value);
    if constexpr (RawX) {
#pragma unroll
      for (int v = 0; v < V; ++v) x[v] = x[v] * x_scale[v] + x_offset[v];
    }
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = value[v] * keep + x[v];
    store_global(static_cast<T*>(g.out) + at, pack<T, V>(value));
  });
}

struct OutputGradientArguments {
  RowPlan plan;
  Activation activation;
  const void *out_gradient, *y;
  const float *scale, *offset, *keep, *mean;
  void* y_gradient;
  float* sums;
};

template <class T>
__global__ void __launch_bounds__(kRowThreads, 2)
    block_output_backward_rows(const OutputGradientArguments g) {
  constexpr int V = kVector<T>;
  const RowPlace<T> place(g.plan);
  float scale[V] = {}, offset[V] = {}, mean[V] = {}, sum[V] = {}, product[V] = {};
  if (place.there) {
    load_channels(g.scale + place.channel, scale);
    load_channels(g.offset + place.channel, offset);
    load_channels(g.mean + place.channel, mean);
  }
  each_vector<T>(g.plan, place, [&](int picture, Index at) {
    const float keep = g.keep ? load_global<float>(g.keep + picture) : 1.0f;
    float d[V], y[V], value[V], slope[V] = {};
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.out_gradient) + at), d);
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), y);
#pragma unroll
    for (int v = 0; v < V; ++v) value[v] = y[v] * scale[v] + offset[v];
    activate(g.activation, value, slope);
#pragma unroll
    for (int v = 0; v < V; ++v) d[v] *= keep * slope[v];
    const Word<T, V> word = pack<T, V>(d);
    if (g.y_gradient) store_global(static_cast<T*>(g.y_gradient) + at, word);
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
void launch_forward(const BlockOutputForward& work, Stream stream) {
  const RowPlan plan = plan_rows(work.shape, work.storage, RowCut::kSegments);
  const bool raw_x = work.x && work.x_scale;
  launch_rows("block_output_forward_rows",
              raw_x ? block_output_forward_rows<T, true> : block_output_forward_rows<T, false>, 0, stream,
              {plan, work.activation, work.y, work.scale, work.offset, work.keep, work.x, work.x_scale,
               work.x_offset, work.out});
}

template <class T>
void launch_backward(const BlockOutputBackward& work, Stream stream) {
  const RowPlan plan = plan_rows(work.shape, work.storage, RowCut::kMap);
  launch_rows("block_output_backward_rows", block_output_backward_rows<T>,
              row_shared_bytes(plan, work.storage), stream,
              {plan, work.activation, work.out_gradient, work.y, work.scale, work.offset, work.keep,
               work.mean, work.y_gradient, work.sums});
}

}  // namespace

void block_output_forward(const BlockOutputForward& work, Stream stream) {
  with_storage(work.storage, [&](auto element) { launch_forward<decltype(element)>(work, stream); });
}

void block_output_backward(const BlockOutputBackward& work, Stream stream) {
  with_storage(work.storage, [&](auto element) { launch_backward<decltype(element)>(work, stream); });
}

}  // namespace effnet::cuda
