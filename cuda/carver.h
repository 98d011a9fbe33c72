// Hands out parts of one piece of device memory, each at a multiple of 128 bytes. Without a piece it counts: what lays out
// the memory it works in says so how much that is.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/depthwise.h"

namespace effnet::cuda {

class Carver {
 public:
  explicit Carver(void* base) : base_(static_cast<std::byte*>(base)) {}

  template <class T>
  T* take(kernels::Index count) {
    std::byte* taken = base_ ? base_ + used_ : nullptr;
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 127) / 128 * 128;
    most_ = std::max(most_, used_);
    return reinterpret_cast<T*>(taken);
  }

  // What was taken since is free again: kernels of one stream run in order.
  std::size_t used() const { return used_; }
  void free_after(std::size_t used) { used_ = used; }

  std::size_t most() const { return most_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0, most_ = 0;
};

}  // namespace effnet::cuda
