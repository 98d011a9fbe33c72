// What .cu files find under this name when they are compiled as C++ for the emulator: the words of CUDA that the kernels
// use, and nothing else (CUDA C++ Programming Guide 13.0, chapter "C++ language extensions"). No toolkit is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <type_traits>

#define EFFNET_CUDA_EMULATOR 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct uint2 {
  unsigned x, y;
};
struct uint3 {
  unsigned x, y, z;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
struct CUstream_st;
using cudaStream_t = CUstream_st*;

extern uint3 threadIdx, blockIdx;  // of the running thread
extern dim3 blockDim, gridDim;

namespace effnet::emulator {

void launch(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
            const std::function<void()>& thread);

void read_global(const void* device, void* to, std::size_t bytes);
void write_global(void* device, const void* from, std::size_t bytes);
std::byte* atomic_place(void* address, std::size_t bytes);  // of global or shared memory
void copy_to_shared_later(void* shared, const void* device, std::size_t bytes);
void wait_for_copies();
void* dynamic_shared_memory();
void declare_static_shared(void* array, std::size_t bytes);

// Each lane gives up to 64 bytes and gets those of lane `from`.
void exchange(unsigned mask, const void* give, void* get, std::size_t bytes, int from,
              std::source_location where);
void warp_barrier(unsigned mask, std::source_location where);
unsigned ballot(unsigned mask, bool vote, std::source_location where);
// The warp's 8 x 8 matrices of 16 bits and their product, by the layouts of PTX (cuda/device/matrix.h).
void load_matrices(const void* row, bool transposed, std::uint32_t (&registers)[4],
                   std::source_location where);
void multiply_matrices(float (&sum)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                       std::source_location where);
void block_barrier(std::source_location where);
int lane();

template <class T>
T shuffle(unsigned mask, T value, int from, std::source_location where) {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) >= 4,
                "a shuffle takes int, unsigned, float, double or 64 bits");
  T received = value;
  exchange(mask, &value, &received, sizeof(T), from, where);
  return received;
}

}  // namespace effnet::emulator

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  effnet::emulator::block_barrier(where);
}

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu,
                       std::source_location where = std::source_location::current()) {
  effnet::emulator::warp_barrier(mask, where);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32,
              std::source_location where = std::source_location::current()) {
  const int first = effnet::emulator::lane() / width * width;
  return effnet::emulator::shuffle(mask, value, first + (from % width + width) % width, where);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  std::source_location where = std::source_location::current()) {
  const int lane = effnet::emulator::lane(), from = lane ^ lanes;
  return effnet::emulator::shuffle(mask, value, from / width <= lane / width ? from : lane, where);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                   std::source_location where = std::source_location::current()) {
  const int lane = effnet::emulator::lane(), from = lane + static_cast<int>(by);
  return effnet::emulator::shuffle(mask, value, from / width == lane / width ? from : lane, where);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32,
                 std::source_location where = std::source_location::current()) {
  const int lane = effnet::emulator::lane(), from = lane - static_cast<int>(by);
  return effnet::emulator::shuffle(mask, value, from >= lane / width * width ? from : lane, where);
}

inline unsigned __ballot_sync(unsigned mask, int vote,
                              std::source_location where = std::source_location::current()) {
  return effnet::emulator::ballot(mask, vote != 0, where);
}

// Integers alone: a sum of floats would depend on the order of threads.
template <class T>
requires std::is_integral_v<T> T atomicAdd(T* address, std::type_identity_t<T> value) {
  T before, after;
  std::byte* place = effnet::emulator::atomic_place(address, sizeof(T));
  std::memcpy(&before, place, sizeof(T));
  after = static_cast<T>(before + value);
  std::memcpy(place, &after, sizeof(T));
  return before;
}

template <class T>
requires std::is_integral_v<T> T atomicMax(T* address, std::type_identity_t<T> value) {
  T before;
  std::byte* place = effnet::emulator::atomic_place(address, sizeof(T));
  std::memcpy(&before, place, sizeof(T));
  if (value > before) std::memcpy(place, &value, sizeof(T));
  return before;
}

inline void __threadfence() {}
