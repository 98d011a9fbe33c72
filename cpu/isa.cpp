#include "cpu/isa.h"

namespace effnet::cpu {

#if defined(__x86_64__)
namespace avx512 {
extern const KernelTable kKernels;
}
namespace avx512_bf16 {
extern const FinishedKernels<BFloat16> kBFloat16Maps;
}
namespace avx2 {
extern const KernelTable kKernels;
}
#endif
namespace portable {
extern const KernelTable kKernels;
}

#if defined(__x86_64__)
namespace {

// The table of AVX-512 with the processor's own products of bfloat16.
const KernelTable& avx512_with_bfloat16() {
  static const KernelTable table = [] {
    KernelTable of = avx512::kKernels;
    of.bfloat16_maps = &avx512_bf16::kBFloat16Maps;
    return of;
  }();
  return table;
}

}  // namespace
#endif

std::vector<const KernelTable*> usable_kernels(BFloat16Products products) {
  std::vector<const KernelTable*> usable;
#if defined(__x86_64__)
  const bool natively = products == BFloat16Products::kWhereThere && has_bfloat16_products();
  if (__builtin_cpu_supports("x86-64-v4"))
    usable.push_back(natively ? &avx512_with_bfloat16() : &avx512::kKernels);
  if (__builtin_cpu_supports("x86-64-v3")) usable.push_back(&avx2::kKernels);
#endif
  usable.push_back(&portable::kKernels);
  return usable;
}

bool has_bfloat16_products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

const KernelTable& best_kernels() {
  return *usable_kernels().front();
}

}  // namespace effnet::cpu
