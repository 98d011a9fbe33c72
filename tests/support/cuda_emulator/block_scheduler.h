// Runs the threads of a block, each until it waits: at a barrier of the block, in a collective of its warp, or at its
// end. Who goes next is drawn by the seed of set_order(); who waits for threads that will never come is reported.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <source_location>
#include <string>
#include <vector>

#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/fiber.h"

namespace effnet::emulator {

constexpr int kWarp = 32;

// What a lane brings to a collective and all of its lanes get: up to a warp-wide matrix product's fragments.
using Payload = std::array<std::byte, 64>;
using Exchange = std::array<Payload, kWarp>;

enum class Collective { kSync, kShuffle, kVote, kMatrix };

struct Extent {
  unsigned x = 1, y = 1, z = 1;
  std::int64_t count() const { return static_cast<std::int64_t>(x) * y * z; }
};

struct Grid {
  const char* kernel = "";
  Extent blocks, threads;
  std::size_t shared_bytes = 0;
};

class BlockScheduler {
 public:
  void set_order(std::uint64_t seed) { seed_ = seed; }
  // `thread` is the kernel with its arguments. Rethrows the first error of a thread.
  void run(const Grid& grid, const std::function<void()>& thread);

  // Called by threads.
  void barrier(std::source_location where);
  // Waits for all lanes of the mask; bytes [0, size) of each lane's payload.
  std::shared_ptr<const Exchange> collective(Collective kind, unsigned mask, const void* payload,
                                             std::size_t size, std::source_location where);
  // Of this thread: the copy is made at wait_for_copies(), until then the target is poisoned.
  void copy_later(void* shared, const void* global, std::size_t bytes);
  void wait_for_copies();
  int lane() const { return running_ % kWarp; }

  // "depthwise_forward, block (1, 0, 0), thread 37", or "the host".
  std::string here() const;

 private:
  enum class State { kReady, kBarrier, kCollective, kEnded };
  struct Copy {
    void* shared;
    const void* global;
    std::size_t bytes;
  };
  struct Thread {
    State state = State::kReady;
    std::source_location where;
    Collective kind{};
    unsigned mask = 0;
    Payload payload{};
    std::shared_ptr<const Exchange> received;
    std::vector<Copy> copies;
  };

  void grow(int threads);
  void run_block(Extent block);
  void run_thread(int thread);
  void pause(State state, std::source_location where);
  void release_warp(int thread);
  void release_barrier();
  [[noreturn]] void report_stuck(const std::string& what) const;
  std::string block_name() const;
  std::string threads_where(const std::function<bool(const Thread&)>& holds) const;

  std::uint64_t seed_ = 0;
  std::mt19937_64 random_;
  const std::function<void()>* body_ = nullptr;
  Grid grid_;
  Extent block_;
  int running_ = -1, count_ = 0, ended_ = 0, at_barrier_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;  // alive from block to block
  std::vector<Thread> threads_;
  std::vector<int> ready_;
  std::exception_ptr error_;
};

BlockScheduler& scheduler();

}  // namespace effnet::emulator
