// Memory for tensors that come and go with every training step: freed pieces are kept and handed out again, so that no
// step maps and faults memory anew (docs/decisions/0007-pooled-memory.md). Pieces of 64 KiB and more come from large
// regions that ask the kernel for huge pages; smaller ones are malloc's. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace effnet::cpu {

class MemoryPool {
 public:
  ~MemoryPool();

  void* allocate(std::size_t bytes);  // aligned to 64; std::bad_alloc when there is none
  void free(void* pointer) noexcept;

  std::size_t in_use() const;  // bytes handed out
  std::size_t peak() const;    // the most since the last reset
  void reset_peak();

 private:
  using Piece = std::pair<char*, std::size_t>;

  void add_region(std::size_t bytes);
  char* take(
      std::size_t bytes);      // from the smallest free piece that is large enough; null when there is none
  void put_back(Piece piece);  // joined with the free pieces beside it

  mutable std::mutex mutex_;
  std::map<char*, std::size_t> free_;                     // by address
  std::set<std::pair<std::size_t, char*>> free_by_size_;  // the same pieces
  std::unordered_map<void*, std::size_t> handed_out_;     // size of every piece in use, malloc's included
  std::vector<Piece> regions_;
  std::size_t in_use_ = 0, peak_ = 0;
};

}  // namespace effnet::cpu
