// From what a launcher is told at run time to the kernel that was compiled for it.
#pragma once

#include <type_traits>

#include "cuda/depthwise_plan.h"
#include "cuda/storage.h"

namespace effnet::cuda {

// run(float()) or run(Bfloat16()).
template <class Run>
void with_storage(Storage storage, Run&& run) {
  storage == Storage::kFloat ? run(float()) : run(Bfloat16());
}

// run(kernel, stride) as integral constants; the plan has refused what is none of them.
template <class Run>
void with_kernel_and_stride(const DepthwiseShape& shape, Run&& run) {
  const auto with_stride = [&](auto kernel) {
    shape.stride == 1 ? run(kernel, std::integral_constant<int, 1>())
                      : run(kernel, std::integral_constant<int, 2>());
  };
  switch (shape.kernel) {
    case 3:
      return with_stride(std::integral_constant<int, 3>());
    case 5:
      return with_stride(std::integral_constant<int, 5>());
    default:
      return with_stride(std::integral_constant<int, 7>());
  }
}

}  // namespace effnet::cuda
