// The second stage of a sum over a map: `parts` rows of numbers become one, in an order that depends on their number
// alone. A block of 32 x 32 threads takes 32 neighbouring numbers; each of its rows joins every 32nd part, then the rows
// are joined in their order. In double: there is little of it.
#pragma once

#include "cuda/device/machine.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::Index;

constexpr int kJoinThreads = 1024;

// T value(part) for parts row, row + 32, ... joined by add(sum, value), then over the rows. The result is right in the
// threads of row 0. `shared` has room for 1024 T. Every thread of the block comes here, once.
template <class T, class Value, class Add>
__device__ __forceinline__ T join_parts(T* shared, Index parts, Value&& value, Add&& add) {
  const int at = static_cast<int>(threadIdx.x), row = at / 32;
  T sum{};
  for (Index part = row; part < parts; part += 32) add(sum, value(part));
  shared[at] = sum;
  __syncthreads();
  if (row == 0) {
    for (int other = 1; other < 32; ++other) add(sum, shared[at + 32 * other]);
  }
  return sum;
}

}  // namespace effnet::cuda
