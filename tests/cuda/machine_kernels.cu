#include "tests/cuda/machine_kernels.h"

#include "cuda/device/machine.h"

namespace effnet::tests {
namespace {

using cuda::load_global;
using cuda::store_global;

struct Bfloat16Arguments {
  const float* x;
  std::uint16_t* bits;
  std::uint32_t* pairs;
  int pair_count;
};

__global__ void bfloat16_kernel(const Bfloat16Arguments g) {
  for (int i = static_cast<int>(threadIdx.x); i < g.pair_count; i += static_cast<int>(blockDim.x)) {
    const float low = load_global<float>(g.x + 2 * i), high = load_global<float>(g.x + 2 * i + 1);
    store_global(g.bits + 2 * i, cuda::bfloat16_bits(low));
    store_global(g.bits + 2 * i + 1, cuda::bfloat16_bits(high));
    store_global(g.pairs + i, cuda::bfloat16_pair(low, high));
  }
}

struct FunctionArguments {
  const float* x;
  float *exponentials, *quotients;
  int count;
};

__global__ void function_kernel(const FunctionArguments g) {
  for (int i = static_cast<int>(threadIdx.x); i < g.count; i += static_cast<int>(blockDim.x)) {
    const float x = load_global<float>(g.x + i);
    store_global(g.exponentials + i, cuda::fast_exp(x));
    store_global(g.quotients + i, cuda::fast_divide(1.0f, x));
  }
}

struct MoveArguments {
  const char* in;
  char* out;
};

__global__ void word_kernel(const MoveArguments g) {
  const int at = 32 * static_cast<int>(threadIdx.x);
  store_global(g.out + at, load_global<uint4>(g.in + at));
  store_global(g.out + at + 16, load_global<uint2>(g.in + at + 16));
  store_global(g.out + at + 24, load_global<std::uint32_t>(g.in + at + 24));
  store_global(g.out + at + 28, load_global<std::uint16_t>(g.in + at + 28));
  store_global(g.out + at + 30, load_global<std::uint16_t>(g.in + at + 30));
}

__global__ void shared_kernel(const MoveArguments g) {
  auto* shared = static_cast<uint4*>(cuda::dynamic_shared());
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  cuda::copy_16_to_shared(shared + thread, g.in + 16 * thread);
  cuda::wait_for_copies();
  __syncthreads();
  store_global(g.out + 16 * thread, shared[(thread + 1) % threads]);
}

struct ReverseArguments {
  const float* in;
  float *reversed, *sums;
};

__global__ void reverse_kernel(const ReverseArguments g) {
  EFFNET_SHARED(float, values, [256]);
  const int thread = static_cast<int>(threadIdx.x);
  values[thread] = load_global<float>(g.in + thread);
  __syncthreads();
  float value = values[255 - thread];
  store_global(g.reversed + thread, value);
  for (int lanes = 1; lanes < 32; lanes *= 2) value += __shfl_xor_sync(0xFFFFFFFFu, value, lanes);
  store_global(g.sums + thread, value);
}

}  // namespace

void bfloat16_of(const float* x, std::uint16_t* bits, std::uint32_t* pairs, int pair_count) {
  cuda::launch({.kernel = "bfloat16_kernel", .threads = 256}, bfloat16_kernel, {x, bits, pairs, pair_count});
}

void functions_of(const float* x, float* exponentials, float* quotients, int count) {
  cuda::launch({.kernel = "function_kernel", .threads = 256}, function_kernel,
               {x, exponentials, quotients, count});
}

void move_words(const void* in, void* out) {
  cuda::launch({.kernel = "word_kernel", .threads = 32}, word_kernel,
               {static_cast<const char*>(in), static_cast<char*>(out)});
}

void move_by_shared(const void* in, void* out, int threads) {
  cuda::launch({.kernel = "shared_kernel",
                .threads = static_cast<unsigned>(threads),
                .shared_bytes = 16 * static_cast<std::size_t>(threads)},
               shared_kernel, {static_cast<const char*>(in), static_cast<char*>(out)});
}

void reverse_and_add(const float* in, float* reversed, float* sums) {
  cuda::launch({.kernel = "reverse_kernel", .threads = 256}, reverse_kernel, {in, reversed, sums});
}

}  // namespace effnet::tests
