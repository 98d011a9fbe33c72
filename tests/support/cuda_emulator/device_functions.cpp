// What the functions of include/cuda_runtime.h do: each hands on to the scheduler or to a memory.
#include "tests/support/cuda_emulator/block_scheduler.h"
#include "tests/support/cuda_emulator/global_memory.h"
#include "tests/support/cuda_emulator/include/cuda_runtime.h"

namespace effnet::emulator {
namespace {

// Number `element` of the numbers of 16 bits that a lane has brought, a bfloat16, as a float.
float widened(const Payload& payload, int element) {
  std::uint16_t half;
  std::memcpy(&half, payload.data() + 2 * element, 2);
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

}  // namespace

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

// PTX ISA, "ldmatrix": lane 8 i + r brings row r of matrix i. Lane l gets the numbers 2 (l % 4) and the next one of row
// l / 4, transposed of column l / 4.
void load_matrices(const void* row, bool transposed, std::uint32_t (&registers)[4],
                   std::source_location where) {
  const auto all = scheduler().collective(Collective::kMatrix, 0xFFFFFFFFu, row, 16, where);
  const int along = 2 * (scheduler().lane() % 4), across = scheduler().lane() / 4;
  for (int matrix = 0; matrix < 4; ++matrix) {
    for (int i = 0; i < 2; ++i) {
      const int from = 8 * matrix + (transposed ? along + i : across),
                element = transposed ? across : along + i;
      std::memcpy(reinterpret_cast<std::byte*>(&registers[matrix]) + 2 * i,
                  (*all)[static_cast<std::size_t>(from)].data() + 2 * element, 2);
    }
  }
}

// PTX ISA, "mma.m16n8k16", fragments of .bf16: register i of A holds rows +8 where i is odd, k +8 from i = 2; of B k +8
// where i is 1; sum 2 and 3 are rows +8.
void multiply_matrices(float (&sum)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                       std::source_location where) {
  std::uint32_t registers[6];
  std::memcpy(registers, a, sizeof a);
  std::memcpy(registers + 4, b, sizeof b);
  const auto all =
      scheduler().collective(Collective::kMatrix, 0xFFFFFFFFu, registers, sizeof registers, where);
  for (int i = 0; i < 4; ++i) {
    const int row = scheduler().lane() / 4 + i / 2 * 8, column = 2 * (scheduler().lane() % 4) + i % 2;
    for (int k = 0; k < 16; ++k) {
      const auto lane_of_a = static_cast<std::size_t>(row % 8 * 4 + k % 8 / 2);
      const auto lane_of_b = static_cast<std::size_t>(column * 4 + k % 8 / 2);
      sum[i] += widened((*all)[lane_of_a], 2 * (row / 8 + k / 8 * 2) + k % 2) *
                widened((*all)[lane_of_b], 2 * (4 + k / 8) + k % 2);
    }
  }
}

void block_barrier(std::source_location where) {
  scheduler().barrier(where);
}

int lane() {
  return scheduler().lane();
}

}  // namespace effnet::emulator
