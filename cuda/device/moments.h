// Mean and sum of squared deviations of values that come one by one, without the cancellation of a sum of squares.
//
// A few values: sums of x - s and (x - s)^2 where s is the first of them. As s is one of the n values, their squared
// deviations sum up to at least n / (n - 1) (s - mean)^2, so what is subtracted in the end is less than n times what
// remains: the relative error is some n units of rounding, whatever the mean. Moments are joined by the pairwise rule of
// Chan, Golub and LeVeque (1983).
#pragma once

#include "cuda/device/machine.h"

namespace effnet::cuda {

template <class Real>
struct Moments {
  Real count = 0, mean = 0, squares = 0;

  __device__ __forceinline__ void join(const Moments& other) {
    if (other.count == 0) return;
    const Real all = count + other.count, apart = other.mean - mean, share = other.count / all;
    squares += other.squares + apart * apart * count * share;
    mean += apart * share;
    count = all;
  }
};

// Of V channels of one thread.
template <int V>
struct ShiftedSums {
  int count = 0;
  float shift[V], sum[V], square[V];

  __device__ __forceinline__ void add(const float (&values)[V]) {
#pragma unroll
    for (int v = 0; v < V; ++v) {
      if (count == 0) {
        shift[v] = values[v];
        sum[v] = square[v] = 0.0f;
      } else {
        const float apart = values[v] - shift[v];
        sum[v] += apart;
        square[v] += apart * apart;
      }
    }
    ++count;
  }

  __device__ __forceinline__ void join_into(Moments<float> (&moments)[V]) {
    if (count == 0) return;
    const float n = static_cast<float>(count);
#pragma unroll
    for (int v = 0; v < V; ++v) {
      const float of_shift = sum[v] / n, squares = square[v] - sum[v] * of_shift;
      moments[v].join({n, shift[v] + of_shift, squares < 0.0f ? 0.0f : squares});
    }
    count = 0;
  }
};

}  // namespace effnet::cuda
