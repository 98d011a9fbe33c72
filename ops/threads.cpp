#include "ops/threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <vector>

namespace effnet::ops {
namespace {

std::vector<int> allowed_processors() {
  cpu_set_t set;
  std::vector<int> processors;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

}  // namespace

void use_threads(int count) {
  at::set_num_threads(count);
  const std::vector<int> processors = allowed_processors();
  if (count < 2 || processors.size() != static_cast<std::size_t>(count)) return;
  at::parallel_for(0, count, 1, [&](std::int64_t first, std::int64_t) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors[static_cast<std::size_t>(first)], &one);
    sched_setaffinity(0, sizeof(one), &one);  // a wish; where it is refused, threads wander as before
  });
}

}  // namespace effnet::ops
