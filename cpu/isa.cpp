#include "cpu/isa.h"

namespace effnet::cpu {

#if defined(__x86_64__)
namespace avx512 {
extern const KernelTable kKernels;
}
namespace avx2 {
extern const KernelTable kKernels;
}
#endif
namespace portable {
extern const KernelTable kKernels;
}

std::vector<const KernelTable*> usable_kernels() {
  std::vector<const KernelTable*> usable;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) usable.push_back(&avx512::kKernels);
  if (__builtin_cpu_supports("x86-64-v3")) usable.push_back(&avx2::kKernels);
#endif
  usable.push_back(&portable::kKernels);
  return usable;
}

const KernelTable& best_kernels() {
  return *usable_kernels().front();
}

}  // namespace effnet::cpu
