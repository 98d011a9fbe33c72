#include "ops/pooled_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <new>

#include "cpu/memory_pool.h"

namespace effnet::ops {
namespace {

// Never destroyed: tensors of static objects may outlive everything.
cpu::MemoryPool& pool() {
  static auto* const pool = new cpu::MemoryPool;
  return *pool;
}

void free_piece(void* pointer) {
  pool().free(pointer);
}

class PooledAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &free_piece, cpu};
    try {
      void* pointer = pool().allocate(bytes);
      return {pointer, pointer, &free_piece, cpu};
    } catch (const std::bad_alloc&) {
      // The words by which LibTorch's own allocator is known to have failed.
      TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: you tried to allocate ", bytes,
                  " bytes");
    }
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_piece; }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    std::memcpy(to, from, count);
  }
};

}  // namespace

void use_pooled_allocator() {
  static auto* const allocator = new PooledAllocator;
  constexpr std::uint8_t kBeforeTheDefault = 1;
  c10::SetCPUAllocator(allocator, kBeforeTheDefault);
}

std::size_t memory_in_use() {
  return pool().in_use();
}

std::size_t peak_memory() {
  return pool().peak();
}

void reset_peak_memory() {
  pool().reset_peak();
}

}  // namespace effnet::ops
