// Emulated global memory: checks of every access (bounds, alignment, two blocks at one place without a word between them)
// and the count of what a launch moves.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "tests/support/cuda_emulator/emulator.h"

namespace effnet::emulator {

class GlobalMemory {
 public:
  GlobalMemory();
  ~GlobalMemory();
  GlobalMemory(const GlobalMemory&) = delete;
  GlobalMemory& operator=(const GlobalMemory&) = delete;

  void* allocate(std::size_t bytes);
  void release(void* device);
  bool holds(const void* address) const;
  void open_host_memory() { host_is_open_ = true; }

  // Where the bytes of [device, device + bytes) really are. Throws KernelError when they are not one allocation's.
  std::byte* host_view(const void* device, std::size_t bytes, std::size_t alignment);

  void begin_launch(std::int64_t blocks);
  void begin_block(std::int64_t block) { block_ = static_cast<std::uint32_t>(block); }
  std::map<const void*, Traffic> end_launch();

  // Of the running block. `bytes` is a power of two, and the address a multiple of it.
  void read(const void* device, void* to, std::size_t bytes);
  void write(void* device, const void* from, std::size_t bytes);
  // For an atomic operation: counted as a read and a write, free to all blocks.
  std::byte* atomic(void* device, std::size_t bytes);

 private:
  // Tags say which block of which launch was last at two bytes (the smallest type), sectors which launch.
  struct Allocation {
    std::uintptr_t base = 0;
    std::vector<std::byte> bytes;
    std::vector<std::uint32_t> reader, writer, sector_read, sector_written;
    Traffic traffic;
  };
  Allocation& find(const void* device, std::size_t bytes, std::size_t alignment);
  bool is_host(const void* address, std::size_t alignment) const;
  bool others(std::uint32_t tag) const { return tag >= several() && tag != mine(); }
  std::uint32_t several() const { return first_tag_; }  // more than one block of this launch
  std::uint32_t mine() const { return first_tag_ + 1 + block_; }

  bool host_is_open_ = false;
  std::uintptr_t begin_ = 0, next_ = 0;
  std::map<std::uintptr_t, std::unique_ptr<Allocation>> allocations_;
  Allocation* last_ = nullptr;
  std::uint32_t launch_ = 0, first_tag_ = 1, next_tag_ = 1, block_ = 0;
};

GlobalMemory& global_memory();

}  // namespace effnet::emulator
