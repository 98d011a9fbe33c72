// Threads come in from outside: the caller hands over how to run numbered tasks, and with it which of its workers a task
// is on. Results never depend on the number of workers: work is cut into tasks by its size alone, and sums of tasks are
// added in their order.
#pragma once

#include <functional>

#include "cpu/kernel_table.h"

namespace effnet::cpu {

using Task = std::function<void(Index task, int worker)>;

struct ParallelFor {
  int workers = 1;  // a task's worker is below this
  std::function<void(Index tasks, const Task& task)> run = [](Index tasks, const Task& task) {
    for (Index i = 0; i < tasks; ++i) task(i, 0);
  };
};

// Cuts `count` things into `parts` nearly equal ranges.
struct Range {
  Index first = 0, last = 0;
  Index size() const { return last - first; }
};

inline Range part_of(Index count, Index part, Index parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

}  // namespace effnet::cpu
