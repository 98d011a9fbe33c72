// The emulator of tests/support/cuda_emulator: what CUDA promises holds, and planted bugs are seen.
#include "tests/support/cuda_emulator/emulator.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "cuda/device/machine.h"
#include "tests/cuda/stopped.h"
#include "tests/support/catch.h"
#include "tests/support/device_memory.h"

using namespace effnet;
using namespace effnet::tests;
using emulator::KernelError;

namespace {

constexpr unsigned kThreads = 96;
constexpr unsigned kAll = 0xFFFFFFFFu;

struct Ints {
  int* out;
  int number;
};
using IntKernel = void (*)(Ints);

std::vector<int> run(IntKernel kernel, std::size_t count, unsigned blocks = 1, unsigned threads = kThreads,
                     std::size_t shared_bytes = 0, int number = 0) {
  const DeviceBuffer<int> out(count);
  cuda::launch({.kernel = "planted", .blocks_x = blocks, .threads = threads, .shared_bytes = shared_bytes},
               kernel, {out.data(), number});
  return out.values();
}

// What the launch is refused with; empty when it was not.
std::string refusal(IntKernel kernel, std::size_t count = kThreads, unsigned blocks = 1,
                    unsigned threads = kThreads, std::size_t shared_bytes = 0, int number = 0) {
  try {
    run(kernel, count, blocks, threads, shared_bytes, number);
  } catch (const KernelError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

int thread() {
  return static_cast<int>(threadIdx.x);
}

void store(const Ints& g, int at, int value) {
  cuda::store_global(g.out + at, value);
}

// For every order that a test tries.
template <class Check>
void in_orders(Check&& check) {
  for (const std::uint64_t seed : {0, 1, 2, 3, 4, 5, 6, 7}) {
    emulator::set_order(seed);
    check();
  }
  emulator::set_order(0);
}

// out[t] is what thread t + shift has put into shared memory.
template <bool kBarrier>
void neighbour(Ints g) {
  EFFNET_SHARED(int, slots, [kThreads]);
  slots[thread()] = 10 * thread();
  if constexpr (kBarrier) __syncthreads();
  store(g, thread(), slots[(thread() + g.number) % static_cast<int>(kThreads)]);
}

void half_at_barrier(Ints g) {
  if (thread() < 40) return;
  __syncthreads();
  store(g, thread(), 1);
}

void two_barriers(Ints) {
  if (thread() < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

void shuffles(Ints g) {
  const int lane = thread() % 32;
  store(g, 4 * thread(), __shfl_xor_sync(kAll, thread(), 8));
  store(g, 4 * thread() + 1, __shfl_down_sync(kAll, thread(), 5));
  store(g, 4 * thread() + 2, __shfl_up_sync(kAll, thread(), 3, 16));
  store(g, 4 * thread() + 3, __shfl_sync(kAll, thread(), lane / 8, 8));
}

void missing_lane(Ints g) {
  if (thread() != 37) store(g, thread(), __shfl_xor_sync(kAll, thread(), 1));
}

void half_a_warp(Ints g) {
  const unsigned mask = thread() % 32 < 16 ? 0x0000FFFFu : 0xFFFF0000u;
  int sum = thread();
  for (int lanes = 8; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(mask, sum, lanes);
  store(g, thread(), sum);
}

void outside_of_mask(Ints g) {
  if (thread() % 32 < 16) store(g, thread(), __shfl_sync(0x0000FFFFu, thread(), 20));
}

void different_collectives(Ints g) {
  if (thread() % 2 == 0) {
    __syncwarp();
  } else {
    store(g, thread(), static_cast<int>(__ballot_sync(kAll, 1)));
  }
}

void votes(Ints g) {
  store(g, thread(), static_cast<int>(__ballot_sync(kAll, thread() % 3 == 0)));
}

void tickets(Ints g) {
  store(g, 1 + static_cast<int>(blockIdx.x) * static_cast<int>(blockDim.x) + thread(), atomicAdd(g.out, 1));
}

void shared_atomics(Ints g) {
  EFFNET_SHARED(int, count, [2]);
  if (thread() == 0) count[0] = count[1] = 0;
  __syncthreads();
  atomicAdd(&count[0], thread());
  atomicMax(&count[1], thread());
  __syncthreads();
  if (thread() < 2) store(g, thread(), count[thread()]);
}

void unwritten_shared(Ints g) {
  EFFNET_SHARED(int, array, [kThreads]);
  auto* dynamic = static_cast<int*>(cuda::dynamic_shared());
  const int at = static_cast<int>(blockIdx.x) * 2;
  if (thread() == 0) {
    store(g, at, array[50]);
    store(g, at + 1, dynamic[50]);
  }
  __syncthreads();
  array[thread()] = dynamic[thread()] = 7;
}

void shared_overrun(Ints g) {
  static_cast<int*>(cuda::dynamic_shared())[thread() + g.number] = 1;
}

void static_shared_overrun(Ints g) {
  EFFNET_SHARED(int, array, [kThreads]);
  array[thread() + g.number] = 1;
}

void global_at(Ints g) {
  if (thread() == 3) store(g, g.number, 1);
}

void global_misaligned(Ints g) {
  cuda::store_global(g.out + 1, uint2{1, 2});
}

void raw_access(Ints g) {
  *g.out = 1;
}

void same_place(Ints g) {
  if (thread() == 0) store(g, g.number * static_cast<int>(blockIdx.x), 1);
}

void read_of_another(Ints g) {
  if (thread() > 0) return;
  if (blockIdx.x == 0) store(g, 0, 1);
  if (blockIdx.x == 1) store(g, 1, cuda::load_global<int>(g.out + g.number));
}

void copies(Ints g) {
  auto* shared = static_cast<int*>(cuda::dynamic_shared());
  cuda::copy_16_to_shared(shared + 4 * thread(), g.out + 4 * thread());
  const int early = shared[4 * thread()];
  if (g.number == 1) return;
  cuda::wait_for_copies();
  const int late = shared[4 * thread() + 1];
  store(g, 4 * thread(), early);
  store(g, 4 * thread() + 1, late);
}

void reads(Ints g) {
  cuda::load_global<int>(g.out + g.number * thread());
  cuda::load_global<int>(g.out);
}

void deep(Ints g) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(g.number);
  if (g.number > 0) deep({g.out, g.number - 1});
  frame[1] = frame[0];
}

}  // namespace

TEST_CASE("emulator: a barrier joins threads, in any order") {
  in_orders([] {
    const std::vector<int> out = run(neighbour<true>, kThreads, 1, kThreads, 0, 7);
    for (int t = 0; t < static_cast<int>(kThreads); ++t)
      CHECK(out[static_cast<std::size_t>(t)] == 10 * ((t + 7) % static_cast<int>(kThreads)));
  });
}

TEST_CASE("emulator: a missing barrier is seen, a reader behind its writer in some order") {
  const auto right = [](int shift) {
    const std::vector<int> out = run(neighbour<false>, kThreads, 1, kThreads, 0, shift);
    int count = 0;
    for (int t = 0; t < static_cast<int>(kThreads); ++t)
      count += out[static_cast<std::size_t>(t)] == 10 * ((t + shift) % static_cast<int>(kThreads));
    return count;
  };
  const int all = static_cast<int>(kThreads), before = all - 1;
  CHECK(right(1) < all);
  CHECK(right(before) >=
        all - 1);  // each reads what the thread before it has written: in order, all but the first are right
  int wrong = 0;
  in_orders([&] { wrong += right(before) < all - 1; });
  CHECK(wrong == 7);  // every seed but 0
}

TEST_CASE("emulator: barriers that not all threads reach are reported with block and threads") {
  const std::string ended = refusal(half_at_barrier);
  CHECK(has(ended, "planted, block (0, 0, 0)"));
  CHECK(has(ended, "40..95 at the barrier of emulator_test.cpp:"));
  CHECK(has(ended, "0..39 have ended"));
  CHECK(has(refusal(two_barriers), "threads are at different barriers; 0..31 at the barrier of"));
  // And the next launch is none the worse.
  CHECK(run(neighbour<true>, kThreads)[5] == 50);
}

TEST_CASE("emulator: shuffles and votes of a warp") {
  in_orders([] {
    const std::vector<int> out = run(shuffles, 4 * kThreads);
    for (int t = 0; t < static_cast<int>(kThreads); ++t) {
      const int* four = out.data() + 4 * t;
      const int lane = t % 32;
      CHECK(four[0] == (t ^ 8));
      CHECK(four[1] == (lane + 5 < 32 ? t + 5 : t));
      CHECK(four[2] == (lane % 16 >= 3 ? t - 3 : t));
      CHECK(four[3] == t / 8 * 8 + lane / 8);
    }
    const std::vector<int> sums = run(half_a_warp, kThreads);
    CHECK(sums[0] == 15 * 16 / 2);
    CHECK(sums[31] == 15 * 16 / 2 + 16 * 16);
    CHECK(run(votes, kThreads)[0] == 0x49249249);
  });
}

TEST_CASE("emulator: collectives that a lane misses, or that reach beyond their mask, are reported") {
  CHECK(has(refusal(missing_lane), "32..36, 38..63 in the collective of emulator_test.cpp:"));
  CHECK(has(refusal(missing_lane), "0..31, 37, 64..95 have ended"));
  CHECK(has(refusal(outside_of_mask), "shuffles from a lane outside of its mask"));
  CHECK(has(refusal(different_collectives), "the lanes of a warp are in different collectives"));
  CHECK(has(refusal(votes, kThreads, 1, 40), "names lanes that the block does not have"));
}

TEST_CASE("emulator: integer atomics of blocks and of threads") {
  in_orders([] {
    const DeviceBuffer<int> out(std::vector<int>(1 + 4 * kThreads, 0));
    cuda::launch({.kernel = "tickets", .blocks_x = 4, .threads = kThreads}, tickets, {out.data(), 0});
    const std::vector<int> values = out.values();
    CHECK(values[0] == 4 * static_cast<int>(kThreads));
    CHECK(std::set<int>(values.begin() + 1, values.end()).size() == 4 * kThreads);
    CHECK(run(shared_atomics, 2) == std::vector<int>{95 * 96 / 2, 95});
  });
}

TEST_CASE(
    "emulator: seeds draw the order of threads and of blocks, 0 is ascending, and a seed repeats itself") {
  const auto order = [](std::uint64_t seed) {
    emulator::set_order(seed);
    const DeviceBuffer<int> out(std::vector<int>(1 + 2 * kThreads, 0));
    cuda::launch({.kernel = "tickets", .blocks_x = 2, .threads = kThreads}, tickets, {out.data(), 0});
    emulator::set_order(0);
    return out.values();
  };
  const std::vector<int> ascending = order(0);
  for (std::size_t i = 1; i < ascending.size(); ++i) CHECK(ascending[i] == static_cast<int>(i) - 1);
  CHECK(order(1) != order(2));
  CHECK(order(3) == order(3));
  std::set<bool> first_block_first;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8})
    first_block_first.insert(order(seed)[1] < static_cast<int>(kThreads));
  CHECK(first_block_first.size() == 2);
}

TEST_CASE("emulator: shared memory is full of ones when a block begins, global memory when it is new") {
  CHECK(run(unwritten_shared, 4, 2, kThreads, sizeof(int) * kThreads) == std::vector<int>{-1, -1, -1, -1});
  CHECK(std::isnan(DeviceBuffer<float>(1).values()[0]));
}

TEST_CASE("emulator: accesses outside of shared memory are seen") {
  const std::size_t bytes = sizeof(int) * kThreads;
  CHECK(refusal(shared_overrun, 1, 1, kThreads, bytes, 0).empty());
#ifdef __SANITIZE_ADDRESS__
  CHECK(stopped([&] { refusal(shared_overrun, 1, 1, kThreads, bytes, 1); }));
  CHECK(stopped([] { refusal(static_shared_overrun, 1, 1, kThreads, 0, 1); }));
  CHECK_FALSE(stopped([] { refusal(static_shared_overrun, 1, 1, kThreads, 0, 0); }));
#else
  CHECK(has(refusal(shared_overrun, 1, 1, kThreads, bytes, 1), "wrote behind its dynamic shared memory"));
  CHECK(refusal(static_shared_overrun, 1, 1, kThreads, 0, 0).empty());
#endif
}

TEST_CASE("emulator: accesses outside of global memory are reported with thread and place") {
  CHECK(refusal(global_at, 10, 1, kThreads, 0, 9).empty());
  const std::string behind = refusal(global_at, 10, 1, kThreads, 0, 10);
  CHECK(has(behind, "planted, block (0, 0, 0), thread 3: bytes 40 to 44 of an allocation of 40"));
  CHECK_FALSE(refusal(global_at, 10, 1, kThreads, 0, -1).empty());
  CHECK_FALSE(refusal(global_at, 0).empty());  // a null pointer
  CHECK(has(refusal(global_misaligned), "an access of 8 bytes is not aligned"));
}

TEST_CASE(
    "emulator: a device pointer that is followed without a word stops the program, on the host and in a "
    "kernel") {
  const DeviceBuffer<int> device(4);
  CHECK(stopped([&] { *device.data() = 1; }));
  CHECK(stopped([] { refusal(raw_access); }));
  CHECK_FALSE(stopped([] { refusal(global_at); }));
}

TEST_CASE("emulator: two blocks of a launch at one place are reported, two launches are not") {
  in_orders([] {
    CHECK(refusal(same_place, 8, 3, kThreads, 0, 1).empty());
    CHECK(
        has(refusal(same_place, 8, 3, kThreads, 0, 0), "writes where another block of the launch has been"));
    CHECK(refusal(read_of_another, 8, 2, kThreads, 0, 4).empty());
    CHECK(has(refusal(read_of_another, 8, 2, kThreads, 0, 0), "another block of the launch has"));
    const DeviceBuffer<int> out(8);
    for (int launch = 0; launch < 2; ++launch)
      cuda::launch({.kernel = "again", .threads = kThreads}, same_place, {out.data(), 0});
  });
}

TEST_CASE("emulator: asynchronous copies arrive when they are waited for, and must be") {
  const DeviceBuffer<int> out(std::vector<int>(4 * kThreads, 5));
  const cuda::LaunchShape shape{.kernel = "copies", .threads = kThreads, .shared_bytes = 16 * kThreads};
  cuda::launch(shape, copies, {out.data(), 0});
  const std::vector<int> values = out.values();
  CHECK(values[0] == -1);
  CHECK(values[1] == 5);
  CHECK(values[4 * 95 + 1] == 5);
  CHECK_THROWS_WITH(cuda::launch(shape, copies, {out.data(), 1}),
                    Catch::Contains("ends without waiting for its asynchronous copies"));
}

TEST_CASE("emulator: sectors of 32 bytes are counted once a launch, what is asked for every time") {
  const DeviceBuffer<int> values(16 * kThreads), other(1);
  emulator::clear_launches();
  for (const int apart : {1, 8, 16})
    cuda::launch({.kernel = "reads", .threads = kThreads}, reads, {values.data(), apart});
  cuda::launch({.kernel = "writes", .threads = kThreads}, global_at, {other.data(), 0});
  const auto& launches = emulator::launches();
  REQUIRE(launches.size() == 4);
  CHECK(launches[0].total().sectors_read == kThreads / 8);
  CHECK(launches[1].total().sectors_read == kThreads);
  CHECK(launches[2].total().sectors_read == kThreads);
  CHECK(launches[0].total().bytes_asked_read == 2 * 4 * kThreads);
  CHECK(launches[0].total().sectors_written == 0);
  CHECK(launches[0].allocation.at(values.data()).sectors_read == kThreads / 8);
  CHECK(launches[3].total().sectors_written == 1);
  CHECK(launches[3].kernel == "writes");
  CHECK(launches[3].allocation.count(values.data()) == 0);
}

TEST_CASE("emulator: launches beyond a device's limits are refused") {
  CHECK(has(refusal(votes, kThreads, 1, 1056), "more than 1024 threads a block"));
  CHECK(has(refusal(votes, kThreads, 0), "an empty grid"));
  CHECK(has(refusal(votes, kThreads, 1, 32, 256 * 1024), "more than 227 KiB of shared memory"));
}

TEST_CASE("emulator: a thread's stack ends at a guard page") {
  CHECK_FALSE(stopped([] { run(deep, 1, 1, 1, 0, 2); }));
  CHECK(stopped([] { run(deep, 1, 1, 1, 0, 1000); }));
}
