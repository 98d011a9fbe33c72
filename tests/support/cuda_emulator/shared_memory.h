// Shared memory of the running block: full of 0xFF bytes (NaN, -1) when the block begins. Behind the dynamic part lies a
// strip that AddressSanitizer forbids, and that is compared at the end of the block where there is none.
#pragma once

#include <cstddef>

namespace effnet::emulator {

class SharedMemoryOfBlock {
 public:
  explicit SharedMemoryOfBlock(std::size_t dynamic_bytes);
  ~SharedMemoryOfBlock();
  SharedMemoryOfBlock(const SharedMemoryOfBlock&) = delete;
  SharedMemoryOfBlock& operator=(const SharedMemoryOfBlock&) = delete;

  bool overrun() const;
};

}  // namespace effnet::emulator
