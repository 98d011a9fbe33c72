// Each form of cuda/device/machine.h in a kernel of its own, for machine_test.cpp.
#pragma once

#include <cstdint>

#include "cuda/storage.h"

namespace effnet::tests {

// bits[i] of x[i] alone, pairs[i] of x[2 i] and x[2 i + 1].
void bfloat16_of(const float* x, std::uint16_t* bits, std::uint32_t* pairs, int pair_count);

// exponentials[i] = exp(x[i]), quotients[i] = 1 / x[i].
void functions_of(const float* x, float* exponentials, float* quotients, int count);

// 32 threads; each moves its 32 bytes from in to out as words of 16, 8, 4 and 2 bytes (2 x 2).
void move_words(const void* in, void* out);

// `threads` threads; each has 16 bytes copied into shared memory and stores those of its neighbour.
void move_by_shared(const void* in, void* out, int threads);

// 256 threads; reversed[i] = in[255 - i] through a static shared array, sums[i] that over its warp by shuffles.
void reverse_and_add(const float* in, float* reversed, float* sums);

}  // namespace effnet::tests
