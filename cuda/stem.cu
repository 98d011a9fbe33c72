// stem.h's kernels. A thread computes some channels of one output pixel after the other; the threads of a pixel ask for the
// same values of the picture, which the first cache answers.
#include "cuda/stem.h"

#include <algorithm>

#include "cuda/device/dispatch.h"
#include "cuda/device/moments.h"
#include "cuda/device/row_walk.h"
#include "cuda/device/tap_sums.h"
#include "cuda/fast_divisor.h"

namespace effnet::cuda {
namespace {

constexpr int kKernel = 3, kTaps = kKernel * kKernel;

// What an output pixel sees of a picture.
struct Window {
  const void* x;
  FastDivisor columns;  // of outputs
  int height, width, out_width, stride, pad_top, pad_left;

  explicit Window(const ConvShape& s, const void* pictures)
      : x(pictures),
        columns(static_cast<int>(s.out_width)),
        height(static_cast<int>(s.height)),
        width(static_cast<int>(s.width)),
        out_width(static_cast<int>(s.out_width)),
        stride(s.stride),
        pad_top(static_cast<int>(s.pad_top)),
        pad_left(static_cast<int>(s.pad_left)) {}
};

// Calls visit(tap, value) for the 9 * kIn values under output pixel `row` of a picture; outside of it they are 0. Taps are
// constants where all rows are unrolled.
template <class T, int kIn, int kUnrolledRows, class Visit>
__device__ __forceinline__ void each_tap(const Window& w, int picture, int row, Visit&& visit) {
  const int out_y = w.columns.divide(row), out_x = row - out_y * w.out_width;
  const int top = out_y * w.stride - w.pad_top, left = out_x * w.stride - w.pad_left;
  const T* first = static_cast<const T*>(w.x) + static_cast<Index>(picture) * w.height * w.width * kIn;
#pragma unroll kUnrolledRows
  for (int i = 0; i < kKernel; ++i) {
#pragma unroll
    for (int j = 0; j < kKernel; ++j) {
      const int y = top + i, x = left + j;
      const bool inside = y >= 0 && y < w.height && x >= 0 && x < w.width;
#pragma unroll
      for (int c = 0; c < kIn; ++c) {
        float value[1] = {};
        if (inside) unpack<T, 1>(load_global<Word<T, 1>>(first + (y * w.width + x) * kIn + c), value);
        visit((i * kKernel + j) * kIn + c, value[0]);
      }
    }
  }
}

struct ForwardArguments {
  RowPlan plan;
  Window window;
  const float* weights;
  void* y;
  float* moments;
};

// Joins the moments of the block's rows, halves with halves as sum_rows() does, and stores the block's.
template <class T, int V>
__device__ __forceinline__ void store_moments(const RowPlan& plan, const RowPlace<T>& place, float* shared,
                                              float* moments, Moments<float> (&own)[V]) {
  auto* mine = reinterpret_cast<Moments<float>*>(shared) + static_cast<int>(threadIdx.x) * V;
  const auto put = [&] {
#pragma unroll
    for (int v = 0; v < V; ++v) mine[v] = own[v];
  };
  __syncthreads();
  put();
  for (int rows = plan.rows_at_once; rows > 1;) {
    const int half = (rows + 1) / 2;
    __syncthreads();
    if (place.row + half < rows) {
#pragma unroll
      for (int v = 0; v < V; ++v) own[v].join(mine[half * plan.lanes * V + v]);
      put();
    }
    rows = half;
  }
  if (!place.there || place.row != 0) return;
  float* out = moments + static_cast<Index>(blockIdx.x) * 3 * plan.channels + place.channel;
#pragma unroll
  for (int v = 0; v < V; ++v) {
    store_global(out + v, own[v].count);
    store_global(out + plan.channels + v, own[v].mean);
    store_global(out + 2 * plan.channels + v, own[v].squares);
  }
}

template <class T, int kIn>
__global__ void __launch_bounds__(kRowThreads, 2) stem_forward_rows(const ForwardArguments g) {
  constexpr int V = kVector<T>;
  const RowPlan& plan = g.plan;
  const RowPlace<T> place(plan);
  auto* shared =
      static_cast<float*>(dynamic_shared());  // weights (9 Cin, channels of the chunk), then moments
  const int width = plan.lanes * V, first_channel = static_cast<int>(blockIdx.y) * width;
  for (int i = static_cast<int>(threadIdx.x); i < kTaps * kIn * width; i += static_cast<int>(blockDim.x)) {
    const int tap = i / width, channel = first_channel + i % width;
    shared[i] = channel < plan.channels ? load_global<float>(g.weights + channel * kTaps * kIn + tap) : 0.0f;
  }
  __syncthreads();

  const float* weights = shared + place.lane * V;
  ShiftedSums<V> sums;
  each_row<1>(plan, place, [&](int picture, int row) {
    float y[V] = {};
    each_tap<T, kIn, 1>(g.window, picture, row, [&](int tap, float value) {
#pragma unroll
      for (int v = 0; v < V; v += 4) {
        float four[4];
        load_shared<4>(weights + tap * width + v, four);
#pragma unroll
        for (int w = 0; w < 4; ++w) y[v + w] += four[w] * value;
      }
    });
    const Word<T, V> word = pack<T, V>(y);
    const Index at = (static_cast<Index>(picture) * plan.pixels + row) * plan.channels + place.channel;
    store_global(static_cast<T*>(g.y) + at, word);
    unpack<T, V>(word, y);
    sums.add(y);
  });
  if (!g.moments) return;
  Moments<float> moments[V];
  sums.join_into(moments);
  store_moments<T>(plan, place, shared, g.moments, moments);
}

struct BackwardArguments {
  RowPlan plan;
  Window window;
  const void *y_gradient, *y;
  const float *a, *b, *c;
  float* weight_parts;
};

template <class T, int kIn>
__global__ void __launch_bounds__(kRowThreads, 1) stem_backward_rows(const BackwardArguments g) {
  constexpr int V = kVector<float>;
  const RowPlan& plan = g.plan;
  const RowPlace<float> place(plan);
  float a[V] = {}, b[V] = {}, c[V] = {}, sums[kTaps * kIn][V] = {};
  if (place.there) {
    load_channels(g.a + place.channel, a);
    load_channels(g.b + place.channel, b);
    load_channels(g.c + place.channel, c);
  }
  each_row<1>(plan, place, [&](int picture, int row) {
    const Index at = (static_cast<Index>(picture) * plan.pixels + row) * plan.channels + place.channel;
    float dy[V], y[V];
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y_gradient) + at), dy);
    unpack<T, V>(load_global<Word<T, V>>(static_cast<const T*>(g.y) + at), y);
#pragma unroll
    for (int v = 0; v < V; ++v) dy[v] = a[v] * dy[v] + (b[v] * y[v] + c[v]);
    each_tap<T, kIn, kKernel>(g.window, picture, row, [&](int tap, float value) {
#pragma unroll
      for (int v = 0; v < V; ++v) sums[tap][v] += dy[v] * value;
    });
  });

  auto* shared = static_cast<float*>(dynamic_shared());
  float* out = g.weight_parts + static_cast<Index>(blockIdx.x) * kTaps * kIn * plan.channels + place.channel;
#pragma unroll
  for (int tap = 0; tap < kTaps * kIn; ++tap) {
    sum_rows(plan, place, shared, sums[tap]);
    if (place.there && place.row == 0) store_channels(out + tap * plan.channels, sums[tap]);
  }
}

// run(storage's type, channels of the picture as a constant).
template <class Run>
void with_picture(Storage storage, const ConvShape& shape, Run&& run) {
  with_storage(storage, [&](auto element) {
    shape.in_channels == 1 ? run(element, std::integral_constant<int, 1>())
                           : run(element, std::integral_constant<int, 3>());
  });
}

}  // namespace

void stem_forward(const StemForward& work, Stream stream) {
  const RowPlan plan = stem_forward_plan(work.shape, work.storage);
  const auto width = static_cast<std::size_t>(plan.lanes * vector_channels(work.storage));
  const std::size_t weights = sizeof(float) * static_cast<std::size_t>(work.shape.patch()) * width;
  const std::size_t shared = std::max(weights, 3 * row_shared_bytes(plan, work.storage));
  with_picture(work.storage, work.shape, [&](auto element, auto in) {
    launch_rows("stem_forward_rows", stem_forward_rows<decltype(element), decltype(in)::value>, shared,
                stream, {plan, Window(work.shape, work.x), work.weights, work.y, work.moments});
  });
}

void stem_backward(const StemBackward& work, Stream stream) {
  const RowPlan plan = stem_backward_plan(work.shape);
  with_picture(work.storage, work.shape, [&](auto element, auto in) {
    launch_rows("stem_backward_rows", stem_backward_rows<decltype(element), decltype(in)::value>,
                row_shared_bytes(plan, Storage::kFloat), stream,
                {plan, Window(work.shape, work.x), work.y_gradient, work.y, work.a, work.b, work.c,
                 work.weight_parts});
  });
  join_tap_sums({.channels = static_cast<int>(work.shape.out_channels),
                 .taps = static_cast<int>(work.shape.patch()),
                 .parts = plan.parts,
                 .weight_parts = work.weight_parts,
                 .weight_gradient = work.weight_gradient},
                stream);
}

}  // namespace effnet::cuda
