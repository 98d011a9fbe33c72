// The activation functions of kernels/activation.h in float. The choice is the launch's, so a branch on it costs a warp
// nothing but the comparison.
#pragma once

#include "cuda/device/machine.h"
#include "kernels/activation.h"

namespace effnet::cuda {

using kernels::Activation;

// 1 / (1 + exp(-z)): two results of the special function unit. Right at both ends: exp overflows to infinity, and a
// division by it gives 0.
__device__ __forceinline__ float sigmoid(float z) {
  return fast_divide(1.0f, 1.0f + fast_exp(-z));
}

// max and min that keep a NaN.
__device__ __forceinline__ float at_least(float bound, float z) {
  return z < bound ? bound : z;
}
__device__ __forceinline__ float at_most(float bound, float z) {
  return z > bound ? bound : z;
}

template <int V>
__device__ __forceinline__ void activate(Activation activation, float (&z)[V]) {
  switch (activation) {
    case Activation::kIdentity:
      break;
    case Activation::kRelu:
#pragma unroll
      for (int v = 0; v < V; ++v) z[v] = at_least(0.0f, z[v]);
      break;
    case Activation::kRelu6:
#pragma unroll
      for (int v = 0; v < V; ++v) z[v] = at_most(6.0f, at_least(0.0f, z[v]));
      break;
    case Activation::kSilu:
#pragma unroll
      for (int v = 0; v < V; ++v) z[v] *= sigmoid(z[v]);
      break;
    case Activation::kHardSwish:
#pragma unroll
      for (int v = 0; v < V; ++v) z[v] *= at_most(6.0f, at_least(0.0f, z[v] + 3.0f)) * (1.0f / 6.0f);
      break;
  }
}

// z becomes act(z), slope act'(z).
template <int V>
__device__ __forceinline__ void activate(Activation activation, float (&z)[V], float (&slope)[V]) {
  switch (activation) {
    case Activation::kIdentity:
#pragma unroll
      for (int v = 0; v < V; ++v) slope[v] = 1.0f;
      break;
    case Activation::kRelu:
#pragma unroll
      for (int v = 0; v < V; ++v) {
        slope[v] = z[v] > 0.0f ? 1.0f : 0.0f;
        z[v] = at_least(0.0f, z[v]);
      }
      break;
    case Activation::kRelu6:
#pragma unroll
      for (int v = 0; v < V; ++v) {
        slope[v] = z[v] > 0.0f && z[v] < 6.0f ? 1.0f : 0.0f;
        z[v] = at_most(6.0f, at_least(0.0f, z[v]));
      }
      break;
    case Activation::kSilu:
#pragma unroll
      for (int v = 0; v < V; ++v) {
        const float s = sigmoid(z[v]);
        slope[v] = s * (1.0f + z[v] * (1.0f - s));
        z[v] *= s;
      }
      break;
    case Activation::kHardSwish:
#pragma unroll
      for (int v = 0; v < V; ++v) {
        slope[v] = z[v] < -3.0f ? 0.0f : z[v] > 3.0f ? 1.0f : z[v] * (1.0f / 3.0f) + 0.5f;
        z[v] *= at_most(6.0f, at_least(0.0f, z[v] + 3.0f)) * (1.0f / 6.0f);
      }
      break;
  }
}

}  // namespace effnet::cuda
