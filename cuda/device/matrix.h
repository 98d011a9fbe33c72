// The tensor cores' product of small matrices, 16 x 16 by 16 x 8, bfloat16 with sums in float, and the way of its operands
// out of shared memory. Each for the device and for the emulator, as in machine.h. The whole warp comes here together.
//
// What lane l holds (PTX ISA, "mma.m16n8k16"), with q = l / 4 and p = 2 (l % 4):
//
//   a[0] (q, p) a[1] (q + 8, p) a[2] (q, p + 8) a[3] (q + 8, p + 8)   (row, k), two neighbours along k each
//   b[0] (p, q) b[1] (p + 8, q)                                       (k, column), two neighbours along k each
//   sum[0], sum[1] (q, p), (q, p + 1)   sum[2], sum[3] (q + 8, p), (q + 8, p + 1)   (row, column)
#pragma once

#include "cuda/device/machine.h"

namespace effnet::cuda {

#ifdef EFFNET_CUDA_EMULATOR

inline void load_matrices(const void* row, std::uint32_t (&registers)[4],
                          std::source_location where = std::source_location::current()) {
  emulator::load_matrices(row, false, registers, where);
}

inline void load_matrices_transposed(const void* row, std::uint32_t (&registers)[4],
                                     std::source_location where = std::source_location::current()) {
  emulator::load_matrices(row, true, registers, where);
}

inline void multiply_matrices(float (&sum)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                              std::source_location where = std::source_location::current()) {
  emulator::multiply_matrices(sum, a, b, where);
}

#else

// Four matrices of 8 rows of 16 bytes in shared memory; lane 8 i + r says where row r of matrix i lies. Register i holds
// two neighbours of row q of matrix i (PTX ISA, "ldmatrix").
__device__ __forceinline__ void load_matrices(const void* row, std::uint32_t (&registers)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)))
               : "memory");
}

// Register i holds numbers p and p + 1 of column q of matrix i.
__device__ __forceinline__ void load_matrices_transposed(const void* row, std::uint32_t (&registers)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)))
               : "memory");
}

// sum += a * b.
__device__ __forceinline__ void multiply_matrices(float (&sum)[4], const std::uint32_t (&a)[4],
                                                  const std::uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#endif

}  // namespace effnet::cuda
