// Everything of CUDA that is more than a keyword, each in two forms: for the device, and for the emulator of
// tests/support/cuda_emulator. With matrix.h the only fork: the rest of cuda/ does not know which one it is compiled
// for. A form for the emulator cannot prove the instruction beside it; tests/cuda/machine_test.cpp runs each on a device.
//
// Global memory is read and written by load_global, store_global and copy_16_to_shared alone, in pieces of 2, 4, 8 or 16
// bytes at multiples of their size.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "cuda/storage.h"

namespace effnet::cuda {

struct LaunchShape {
  const char* kernel = "";  // for messages
  unsigned blocks_x = 1, blocks_y = 1;
  unsigned threads = 1;
  std::size_t shared_bytes = 0;  // dynamic
  Stream stream = nullptr;
};

#ifdef EFFNET_CUDA_EMULATOR

// An array in shared memory; `extents` in brackets: EFFNET_SHARED(float, sums, [8][32]).
#define EFFNET_SHARED(type, name, extents) \
  alignas(16) static type name extents;    \
  ::effnet::emulator::declare_static_shared(&name, sizeof name)

inline void* dynamic_shared() {
  return emulator::dynamic_shared_memory();
}

template <class Word>
Word load_global(const void* at) {
  Word word;
  emulator::read_global(at, &word, sizeof(Word));
  return word;
}

template <class Word>
void store_global(void* at, Word word) {
  emulator::write_global(at, &word, sizeof(Word));
}

inline void copy_16_to_shared(void* shared, const void* global) {
  emulator::copy_to_shared_later(shared, global, 16);
}

inline void wait_for_copies() {
  emulator::wait_for_copies();
}

inline std::uint16_t bfloat16_bits(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (x != x) return 0x7FFF;
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

inline std::uint32_t bfloat16_pair(float low, float high) {
  return bfloat16_bits(low) | static_cast<std::uint32_t>(bfloat16_bits(high)) << 16;
}

inline float fast_exp(float x) {
  return std::exp(x);
}

inline float fast_divide(float x, float y) {
  return x / y;
}

// All kernels take one struct.
template <class Arguments>
void launch(const LaunchShape& shape, void (*kernel)(Arguments),
            const std::type_identity_t<Arguments>& arguments) {
  emulator::launch(shape.kernel, dim3{shape.blocks_x, shape.blocks_y, 1}, dim3{shape.threads, 1, 1},
                   shape.shared_bytes, [&] { kernel(arguments); });
}

#else

#define EFFNET_SHARED(type, name, extents) __shared__ alignas(16) type name extents

__device__ __forceinline__ void* dynamic_shared() {
  extern __shared__ uint4 effnet_dynamic_shared[];
  return effnet_dynamic_shared;
}

template <class Word>
__device__ __forceinline__ Word load_global(const void* at) {
  return *static_cast<const Word*>(at);
}

template <class Word>
__device__ __forceinline__ void store_global(void* at, Word word) {
  *static_cast<Word*>(at) = word;
}

// 16 bytes on their way past the registers (PTX ISA, cp.async); the thread that asked sees them after wait_for_copies(),
// others after a barrier behind that.
__device__ __forceinline__ void copy_16_to_shared(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(
                   static_cast<unsigned>(__cvta_generic_to_shared(shared))),
               "l"(global)
               : "memory");
}

__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_all;" ::: "memory");
}

__device__ __forceinline__ std::uint16_t bfloat16_bits(float x) {
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}

__device__ __forceinline__ std::uint32_t bfloat16_pair(float low, float high) {
  std::uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// Two units in the last place and a little at large arguments (CUDA C++ Programming Guide, intrinsic functions).
__device__ __forceinline__ float fast_exp(float x) {
  return __expf(x);
}

// y up to 2^126; 0 beyond.
__device__ __forceinline__ float fast_divide(float x, float y) {
  return __fdividef(x, y);
}

template <class Arguments>
void launch(const LaunchShape& shape, void (*kernel)(Arguments),
            const std::type_identity_t<Arguments>& arguments) {
  const auto check = [&](cudaError_t status) {
    if (status != cudaSuccess)
      throw std::runtime_error(std::string(shape.kernel) + ": " + cudaGetErrorString(status));
  };
  constexpr std::size_t kWithoutAsking = 48 * 1024;
  const auto* function = reinterpret_cast<const void*>(kernel);
  if (shape.shared_bytes > kWithoutAsking) {
    check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shape.shared_bytes)));
  }
  void* list[] = {const_cast<Arguments*>(&arguments)};
  check(cudaLaunchKernel(function, dim3(shape.blocks_x, shape.blocks_y), dim3(shape.threads), list,
                         shape.shared_bytes, shape.stream));
}

#endif

}  // namespace effnet::cuda
