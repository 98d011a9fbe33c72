#include "cpu/memory_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace effnet::cpu {
namespace {

constexpr std::size_t kSmallest = 64 << 10;  // of a piece of a region
constexpr std::size_t kRegion = 64 << 20;
constexpr std::size_t kHugePage = 2 << 20;

std::size_t rounded(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

}  // namespace

MemoryPool::~MemoryPool() {
  for (const auto& [base, size] : regions_) munmap(base, size);
}

void MemoryPool::add_region(std::size_t bytes) {
  const std::size_t size = rounded(std::max(bytes, kRegion), kHugePage);
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  madvise(base, size, MADV_HUGEPAGE);  // a wish; without huge pages it is only slower
  regions_.emplace_back(static_cast<char*>(base), size);
  put_back(regions_.back());
}

char* MemoryPool::take(std::size_t bytes) {
  const auto found = free_by_size_.lower_bound({bytes, nullptr});
  if (found == free_by_size_.end()) return nullptr;
  const auto [size, base] = *found;
  free_by_size_.erase(found);
  free_.erase(base);
  if (size > bytes) put_back({base + bytes, size - bytes});
  return base;
}

void MemoryPool::put_back(Piece piece) {
  const auto after = free_.lower_bound(piece.first);
  if (after != free_.end() && piece.first + piece.second == after->first) {
    piece.second += after->second;
    free_by_size_.erase({after->second, after->first});
    free_.erase(after);
  }
  const auto next = free_.lower_bound(piece.first);
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == piece.first) {
      free_by_size_.erase({before->second, before->first});
      piece = {before->first, before->second + piece.second};
      free_.erase(before);
    }
  }
  free_.insert(piece);
  free_by_size_.insert({piece.second, piece.first});
}

void* MemoryPool::allocate(std::size_t bytes) {
  const bool small = bytes < kSmallest;
  const std::size_t size = rounded(std::max<std::size_t>(bytes, 1), small ? 64 : kSmallest);
  const std::lock_guard lock(mutex_);
  void* pointer = small ? std::aligned_alloc(64, size) : take(size);
  if (!pointer && !small) {
    add_region(size);
    pointer = take(size);
  }
  if (!pointer) throw std::bad_alloc();
  handed_out_.emplace(pointer, size);
  in_use_ += size;
  peak_ = std::max(peak_, in_use_);
  return pointer;
}

void MemoryPool::free(void* pointer) noexcept {
  if (!pointer) return;
  const std::lock_guard lock(mutex_);
  const auto found = handed_out_.find(pointer);
  const std::size_t size = found->second;
  handed_out_.erase(found);
  in_use_ -= size;
  if (size < kSmallest)
    std::free(pointer);
  else
    put_back({static_cast<char*>(pointer), size});
}

std::size_t MemoryPool::in_use() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

std::size_t MemoryPool::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

void MemoryPool::reset_peak() {
  const std::lock_guard lock(mutex_);
  peak_ = in_use_;
}

}  // namespace effnet::cpu
