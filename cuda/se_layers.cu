// se_layers.h's kernels. A block takes one picture, so the weights come from the second level cache once a picture. The
// gradients of the weights are sums over the pictures: a thread takes one weight of each layer and adds the pictures in
// their order.
#include "cuda/se_layers.h"

#include "cuda/device/activation.h"

namespace effnet::cuda {
namespace {

constexpr int kPictureThreads = 256, kPictureWarps = kPictureThreads / 32;
constexpr int kGroup = 8;  // lanes to a channel of We: their loads fill a sector
constexpr int kWeightChannels = 32, kWeightSqueezed = 8;  // of a block

struct PictureForward {
  int pixels, channels, squeezed_channels, parts, numbers;
  Activation activation;
  const float *pool_sums, *reduce, *reduce_bias, *expand, *expand_bias;
  float *pooled, *squeezed, *gate;
};

__device__ __forceinline__ float sum_of_parts(const float* first, int parts, Index apart) {
  float sum = 0;
  for (int part = 0; part < parts; ++part) sum += load_global<float>(first + part * apart);
  return sum;
}

// Over `lanes` neighbouring lanes, a power of two; right in all of them.
__device__ __forceinline__ float sum_of_lanes(float value, int lanes) {
  for (int apart = lanes / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(0xFFFFFFFFu, value, apart);
  return value;
}

__global__ void __launch_bounds__(kPictureThreads, 2) se_layers_forward_picture(const PictureForward g) {
  auto* pooled = static_cast<float*>(dynamic_shared());  // (C)
  float* activated = pooled + g.channels;                // (Cs)
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const Index picture = blockIdx.x, channels = g.channels;

  const float* sums = g.pool_sums + picture * g.parts * g.numbers * channels;
  for (int c = thread; c < g.channels; c += kPictureThreads) {
    pooled[c] = sum_of_parts(sums + c, g.parts, g.numbers * channels) / static_cast<float>(g.pixels);
    store_global(g.pooled + picture * channels + c, pooled[c]);
  }
  __syncthreads();
  for (int s = warp; s < g.squeezed_channels; s += kPictureWarps) {
    float sum = 0;
    for (int c = lane; c < g.channels; c += 32)
      sum += pooled[c] * load_global<float>(g.reduce + s * channels + c);
    sum = sum_of_lanes(sum, 32) + load_global<float>(g.reduce_bias + s);
    if (lane == 0) {
      store_global(g.squeezed + picture * g.squeezed_channels + s, sum);
      float value[1] = {sum};
      activate(g.activation, value);
      activated[s] = value[0];
    }
  }
  __syncthreads();
  const int groups = kPictureThreads / kGroup;
  for (int first = 0; first < g.channels; first += groups) {  // the same for all: they shuffle
    const int c = first + thread / kGroup;
    float sum = 0;
    if (c < g.channels) {
      const float* row = g.expand + static_cast<Index>(c) * g.squeezed_channels;
      for (int s = thread % kGroup; s < g.squeezed_channels; s += kGroup)
        sum += activated[s] * load_global<float>(row + s);
    }
    sum = sum_of_lanes(sum, kGroup);
    if (c < g.channels && thread % kGroup == 0)
      store_global(g.gate + picture * channels + c, sigmoid(sum + load_global<float>(g.expand_bias + c)));
  }
}

struct PictureBackward {
  int pixels, channels, squeezed_channels, gate_parts, pool_parts;
  Activation activation;
  const float *gate_sums, *pool_sums, *squeezed, *gate, *reduce, *expand;
  float *logit_gradient, *squeezed_gradient, *mean_gradient, *norm_sums;
};

__global__ void __launch_bounds__(kPictureThreads, 2) se_layers_backward_picture(const PictureBackward g) {
  auto* logit_gradient = static_cast<float*>(dynamic_shared());  // (C): of what goes into the sigmoid
  float* of_warps = logit_gradient + g.channels;                 // (warps, Cs)
  float* squeezed_gradient = of_warps + kPictureWarps * g.squeezed_channels;  // (Cs)
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const Index picture = blockIdx.x, channels = g.channels;
  const Index apart = 3 * channels;
  const float* gate_sums = g.gate_sums + picture * g.gate_parts * apart;
  const float* pool_sums = g.pool_sums + picture * g.pool_parts * apart;

  for (int c = thread; c < g.channels; c += kPictureThreads) {
    const float gate = load_global<float>(g.gate + picture * channels + c);
    logit_gradient[c] = sum_of_parts(gate_sums + c, g.gate_parts, apart) * gate * (1.0f - gate);
    store_global(g.logit_gradient + picture * channels + c, logit_gradient[c]);
  }
  __syncthreads();
  for (int s = lane; s < g.squeezed_channels; s += 32) {
    float sum = 0;
    for (int c = warp; c < g.channels; c += kPictureWarps)
      sum +=
          logit_gradient[c] * load_global<float>(g.expand + static_cast<Index>(c) * g.squeezed_channels + s);
    of_warps[warp * g.squeezed_channels + s] = sum;
  }
  __syncthreads();
  for (int s = thread; s < g.squeezed_channels; s += kPictureThreads) {
    float sum = 0;
    for (int w = 0; w < kPictureWarps; ++w) sum += of_warps[w * g.squeezed_channels + s];
    float value[1] = {load_global<float>(g.squeezed + picture * g.squeezed_channels + s)}, slope[1] = {};
    activate(g.activation, value, slope);
    squeezed_gradient[s] = sum * slope[0];
    store_global(g.squeezed_gradient + picture * g.squeezed_channels + s, squeezed_gradient[s]);
  }
  __syncthreads();
  for (int c = thread; c < g.channels; c += kPictureThreads) {
    float sum = 0;
    for (int s = 0; s < g.squeezed_channels; ++s)
      sum += squeezed_gradient[s] * load_global<float>(g.reduce + s * channels + c);
    const float p = sum / static_cast<float>(g.pixels),
                gate = load_global<float>(g.gate + picture * channels + c);
    store_global(g.mean_gradient + picture * channels + c, p);
#pragma unroll
    for (int number = 0; number < 2; ++number) {
      const Index at = (number + 1) * channels + c;
      store_global(g.norm_sums + (picture * 2 + number) * channels + c,
                   gate * sum_of_parts(gate_sums + at, g.gate_parts, apart) +
                       p * sum_of_parts(pool_sums + at, g.pool_parts, apart));
    }
  }
}

struct WeightArguments {
  int batch, channels, squeezed_channels;
  Activation activation;
  const float *pooled, *squeezed, *logit_gradient, *squeezed_gradient;
  float *reduce_gradient, *reduce_bias_gradient, *expand_gradient, *expand_bias_gradient;
};

__global__ void __launch_bounds__(kWeightChannels* kWeightSqueezed, 2)
    se_layers_weight_gradients(const WeightArguments g) {
  const int c =
      static_cast<int>(blockIdx.x) * kWeightChannels + static_cast<int>(threadIdx.x) % kWeightChannels;
  const int s =
      static_cast<int>(blockIdx.y) * kWeightSqueezed + static_cast<int>(threadIdx.x) / kWeightChannels;
  if (c >= g.channels || s >= g.squeezed_channels) return;
  float of_reduce = 0, of_expand = 0, of_reduce_bias = 0, of_expand_bias = 0;
#pragma unroll 4
  for (Index n = 0; n < g.batch; ++n) {
    const Index at_c = n * g.channels + c, at_s = n * g.squeezed_channels + s;
    const float logit = load_global<float>(g.logit_gradient + at_c);
    const float squeezed = load_global<float>(g.squeezed_gradient + at_s);
    float value[1] = {load_global<float>(g.squeezed + at_s)};
    activate(g.activation, value);
    of_expand += logit * value[0];
    of_expand_bias += logit;
    of_reduce += squeezed * load_global<float>(g.pooled + at_c);
    of_reduce_bias += squeezed;
  }
  store_global(g.reduce_gradient + static_cast<Index>(s) * g.channels + c, of_reduce);
  store_global(g.expand_gradient + static_cast<Index>(c) * g.squeezed_channels + s, of_expand);
  if (c == 0) store_global(g.reduce_bias_gradient + s, of_reduce_bias);
  if (s == 0) store_global(g.expand_bias_gradient + c, of_expand_bias);
}

int narrow(Index n) {
  return static_cast<int>(n);
}

void check(const SqueezeExciteShape& s) {
  if (s.batch <= 0 || s.pixels <= 0 || s.channels <= 0 || s.squeezed_channels <= 0)
    throw std::invalid_argument("CUDA squeeze-and-excite: an empty shape");
  constexpr Index kMostFloats = 48 * 1024;  // of 227 KiB
  if (s.channels + (kPictureWarps + 1) * s.squeezed_channels > kMostFloats)
    throw std::invalid_argument("CUDA squeeze-and-excite: " + std::to_string(s.channels) + " channels");
}

}  // namespace

void se_layers_forward(const SeLayersForward& work, Stream stream) {
  const SqueezeExciteShape& s = work.shape;
  check(s);
  launch({.kernel = "se_layers_forward_picture",
          .blocks_x = static_cast<unsigned>(s.batch),
          .threads = kPictureThreads,
          .shared_bytes = sizeof(float) * static_cast<std::size_t>(s.channels + s.squeezed_channels),
          .stream = stream},
         se_layers_forward_picture,
         {narrow(s.pixels), narrow(s.channels), narrow(s.squeezed_channels), narrow(work.parts),
          narrow(work.numbers), s.activation, work.pool_sums, work.reduce, work.reduce_bias, work.expand,
          work.expand_bias, work.pooled, work.squeezed, work.gate});
}

void se_layers_backward(const SeLayersBackward& work, Stream stream) {
  const SqueezeExciteShape& s = work.shape;
  check(s);
  launch({.kernel = "se_layers_backward_picture",
          .blocks_x = static_cast<unsigned>(s.batch),
          .threads = kPictureThreads,
          .shared_bytes = sizeof(float) *
                          static_cast<std::size_t>(s.channels + (kPictureWarps + 1) * s.squeezed_channels),
          .stream = stream},
         se_layers_backward_picture,
         {narrow(s.pixels), narrow(s.channels), narrow(s.squeezed_channels), narrow(work.gate_parts),
          narrow(work.pool_parts), s.activation, work.gate_sums, work.pool_sums, work.squeezed, work.gate,
          work.reduce, work.expand, work.logit_gradient, work.squeezed_gradient, work.mean_gradient,
          work.norm_sums});
  const auto blocks = [](Index of, int block) { return static_cast<unsigned>((of + block - 1) / block); };
  launch({.kernel = "se_layers_weight_gradients",
          .blocks_x = blocks(s.channels, kWeightChannels),
          .blocks_y = blocks(s.squeezed_channels, kWeightSqueezed),
          .threads = kWeightChannels * kWeightSqueezed,
          .stream = stream},
         se_layers_weight_gradients,
         {narrow(s.batch), narrow(s.channels), narrow(s.squeezed_channels), s.activation, work.pooled,
          work.squeezed, work.logit_gradient, work.squeezed_gradient, work.reduce_gradient,
          work.reduce_bias_gradient, work.expand_gradient, work.expand_bias_gradient});
}

}  // namespace effnet::cuda
