// What the functions of include/cuda_runtime.h do: each hands on to the scheduler or to a memory.
#include "tests/support/cuda_emulator/block_scheduler.h"
#include "tests/support/cuda_emulator/global_memory.h"
#include "tests/support/cuda_emulator/include/cuda_runtime.h"

namespace effnet::emulator {

void launch(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
            const std::function<void()>& thread) {
  scheduler().run({.kernel = kernel,
                   .blocks = {grid.x, grid.y, grid.z},
                   .threads = {block.x, block.y, block.z},
                   .shared_bytes = shared_bytes},
                  thread);
}

void read_global(const void* device, void* to, std::size_t bytes) {
  global_memory().read(device, to, bytes);
}

void write_global(void* device, const void* from, std::size_t bytes) {
  global_memory().write(device, from, bytes);
}

std::byte* atomic_place(void* address, std::size_t bytes) {
  return global_memory().holds(address) ? global_memory().atomic(address, bytes)
                                        : static_cast<std::byte*>(address);
}

void copy_to_shared_later(void* shared, const void* device, std::size_t bytes) {
  scheduler().copy_later(shared, device, bytes);
}

void wait_for_copies() {
  scheduler().wait_for_copies();
}

void exchange(unsigned mask, const void* give, void* get, std::size_t bytes, int from,
              std::source_location where) {
  const auto all = scheduler().collective(Collective::kShuffle, mask, give, bytes, where);
  if (from < 0 || from >= kWarp || (mask >> from & 1) == 0)
    throw KernelError(scheduler().here() + ": shuffles from a lane outside of its mask");
  std::memcpy(get, (*all)[static_cast<std::size_t>(from)].data(), bytes);
}

void warp_barrier(unsigned mask, std::source_location where) {
  scheduler().collective(Collective::kSync, mask, nullptr, 0, where);
}

unsigned ballot(unsigned mask, bool vote, std::source_location where) {
  const auto all = scheduler().collective(Collective::kVote, mask, &vote, sizeof(vote), where);
  unsigned votes = 0;
  for (int lane = 0; lane < kWarp; ++lane) {
    const auto in_mask = mask >> lane & 1;
    if (in_mask && (*all)[static_cast<std::size_t>(lane)][0] != std::byte{0}) votes |= 1u << lane;
  }
  return votes;
}

void block_barrier(std::source_location where) {
  scheduler().barrier(where);
}

int lane() {
  return scheduler().lane();
}

}  // namespace effnet::emulator
