// LibTorch's CPU tensors in pooled memory (cpu/memory_pool.h), for the whole process.
#pragma once

#include <cstddef>

namespace effnet::ops {

// From now on; tensors that are there already keep their memory. Once or often, it is the same.
void use_pooled_allocator();

// Of the pool, in bytes.
std::size_t memory_in_use();
std::size_t peak_memory();  // since the last reset
void reset_peak_memory();

}  // namespace effnet::ops
