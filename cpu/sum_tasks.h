// The sum of what tasks left, in the tasks' order whatever the number of workers.
#pragma once

#include <algorithm>

#include "cpu/parallel_for.h"

namespace effnet::cpu {

// parts (tasks, count) -> out (count).
inline void sum_tasks(const ParallelFor& parallel, const float* parts, Index tasks, Index count, float* out) {
  constexpr Index kChunk = 4096;
  parallel.run((count + kChunk - 1) / kChunk, [&](Index chunk, int) {
    const Index first = chunk * kChunk, last = std::min(first + kChunk, count);
    std::copy(parts + first, parts + last, out + first);
    for (Index task = 1; task < tasks; ++task) {
      for (Index i = first; i < last; ++i) out[i] += parts[task * count + i];
    }
  });
}

}  // namespace effnet::cpu
