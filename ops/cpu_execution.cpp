#include "ops/cpu_execution.h"

#include <atomic>

namespace effnet::ops {

const cpu::ParallelFor& torch_threads() {
  static thread_local cpu::ParallelFor parallel;
  parallel.workers = at::get_num_threads();
  parallel.run = [](cpu::Index tasks, const cpu::Task& task) {
    // Each worker takes the next task when it is free, so that a core that others use holds nobody up.
    std::atomic<cpu::Index> next = 0;
    at::parallel_for(0, std::min<std::int64_t>(tasks, at::get_num_threads()), 1,
                     [&](std::int64_t begin, std::int64_t end) {
                       for (std::int64_t worker = begin; worker < end; ++worker) {
                         for (cpu::Index i = next++; i < tasks; i = next++) task(i, static_cast<int>(worker));
                       }
                     });
  };
  return parallel;
}

bool are_cpu_floats(at::ArrayRef<torch::Tensor> tensors) {
  for (const torch::Tensor& tensor : tensors) {
    if (tensor.defined() && !(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat)) return false;
  }
  return true;
}

}  // namespace effnet::ops
