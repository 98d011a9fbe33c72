#include "tests/support/cuda_emulator/block_scheduler.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>
#include <string_view>

#include "tests/support/cuda_emulator/global_memory.h"
#include "tests/support/cuda_emulator/include/cuda_runtime.h"
#include "tests/support/cuda_emulator/shared_memory.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace effnet::emulator {
namespace {

constexpr std::int64_t kMostThreads = 1024;           // of a block
constexpr unsigned kMostBlocks = 65535;               // along y and z
constexpr std::size_t kMostSharedBytes = 227 * 1024;  // of a block, compute capability 9.0

std::vector<LaunchReport>& reports() {
  static std::vector<LaunchReport> all;
  return all;
}

std::string line_of(std::source_location where) {
  const std::string file = where.file_name();
  return file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(where.line());
}

// Asked for every lane of every collective, so without making text.
bool same_line(const std::source_location& one, const std::source_location& other) {
  return one.line() == other.line() && std::string_view(one.file_name()) == other.file_name();
}

// "0..31, 40".
std::string ranges(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last > i) text += ".." + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

void check(const Grid& grid) {
  const auto refuse = [&](const char* why) { throw KernelError(std::string(grid.kernel) + ": " + why); };
  if (grid.blocks.count() == 0 || grid.threads.count() == 0) refuse("an empty grid");
  if (grid.threads.count() > kMostThreads) refuse("more than 1024 threads a block");
  if (grid.blocks.y > kMostBlocks || grid.blocks.z > kMostBlocks)
    refuse("more than 65535 blocks along y or z");
  if (grid.shared_bytes > kMostSharedBytes) refuse("more than 227 KiB of shared memory");
}

}  // namespace

BlockScheduler& scheduler() {
  static BlockScheduler one;
  return one;
}

void set_order(std::uint64_t seed) {
  scheduler().set_order(seed);
}

const std::vector<LaunchReport>& launches() {
  return reports();
}

void clear_launches() {
  reports().clear();
}

void BlockScheduler::run(const Grid& grid, const std::function<void()>& thread) {
  check(grid);
  grid_ = grid;
  body_ = &thread;
  count_ = static_cast<int>(grid.threads.count());
  random_.seed(seed_);
  grow(count_);
  ::gridDim = {grid.blocks.x, grid.blocks.y, grid.blocks.z};
  ::blockDim = {grid.threads.x, grid.threads.y, grid.threads.z};
  std::vector<std::int64_t> order(static_cast<std::size_t>(grid.blocks.count()));
  std::iota(order.begin(), order.end(), 0);
  if (seed_ != 0) std::shuffle(order.begin(), order.end(), random_);
  global_memory().begin_launch(grid.blocks.count());
  for (const std::int64_t number : order) {
    global_memory().begin_block(number);
    const auto n = static_cast<std::uint64_t>(number);
    const Extent size = grid.blocks;
    run_block({static_cast<unsigned>(n % size.x), static_cast<unsigned>(n / size.x % size.y),
               static_cast<unsigned>(n / size.x / size.y)});
  }
  reports().push_back({.kernel = grid.kernel,
                       .blocks = grid.blocks.count(),
                       .threads = grid.threads.count(),
                       .shared_bytes = grid.shared_bytes,
                       .allocation = global_memory().end_launch()});
}

void BlockScheduler::grow(int threads) {
  while (static_cast<int>(fibers_.size()) < threads) {
    const int thread = static_cast<int>(fibers_.size());
    fibers_.push_back(std::make_unique<Fiber>([this, thread] {
      try {
        (*body_)();
        if (!threads_[static_cast<std::size_t>(thread)].copies.empty())
          throw KernelError(here() + ": ends without waiting for its asynchronous copies");
      } catch (...) {
        if (!error_) error_ = std::current_exception();
      }
    }));
  }
}

void BlockScheduler::run_block(Extent block) {
  block_ = block;
  ::blockIdx = {block.x, block.y, block.z};
  threads_.assign(static_cast<std::size_t>(count_), {});
  ready_.resize(static_cast<std::size_t>(count_));
  std::iota(ready_.rbegin(), ready_.rend(), 0);  // the next one is the last
  ended_ = at_barrier_ = 0;
  error_ = nullptr;
  const SharedMemoryOfBlock shared(grid_.shared_bytes);
  try {
    while (ended_ < count_) {
      if (ready_.empty()) {
        if (at_barrier_ != count_) report_stuck("threads wait for others that do not come");
        release_barrier();
      }
      if (seed_ != 0) std::swap(ready_[random_() % ready_.size()], ready_.back());
      const int thread = ready_.back();
      ready_.pop_back();
      run_thread(thread);
      if (error_) std::rethrow_exception(error_);
    }
    if (shared.overrun()) throw KernelError(block_name() + ": wrote behind its dynamic shared memory");
  } catch (...) {
    running_ = -1;
    for (auto& fiber : fibers_) fiber->restart();
    throw;
  }
  running_ = -1;
}

void BlockScheduler::run_thread(int thread) {
  running_ = thread;
  const auto t = static_cast<unsigned>(thread);
  ::threadIdx = {t % grid_.threads.x, t / grid_.threads.x % grid_.threads.y,
                 t / grid_.threads.x / grid_.threads.y};
  Thread& state = threads_[t];
  if (fibers_[t]->resume()) {
    state.state = State::kEnded;
    ++ended_;
  } else if (state.state == State::kBarrier) {
    ++at_barrier_;
  } else {
    release_warp(thread);
  }
}

void BlockScheduler::pause(State state, std::source_location where) {
  Thread& thread = threads_[static_cast<std::size_t>(running_)];
  thread.state = state;
  thread.where = where;
  fibers_[static_cast<std::size_t>(running_)]->suspend();
}

void BlockScheduler::barrier(std::source_location where) {
  pause(State::kBarrier, where);
}

std::shared_ptr<const Exchange> BlockScheduler::collective(Collective kind, unsigned mask,
                                                           const void* payload, std::size_t size,
                                                           std::source_location where) {
  Thread& thread = threads_[static_cast<std::size_t>(running_)];
  if ((mask >> lane() & 1) == 0) throw KernelError(here() + ": is not in the mask of its own collective");
  if (size > sizeof(Payload)) throw KernelError(here() + ": brings too much to a collective");
  thread.kind = kind;
  thread.mask = mask;
  if (size > 0) std::memcpy(thread.payload.data(), payload, size);
  pause(State::kCollective, where);
  return std::move(thread.received);
}

void BlockScheduler::release_warp(int thread) {
  const Thread& one = threads_[static_cast<std::size_t>(thread)];
  const int first = thread / kWarp * kWarp;
  std::vector<int> lanes;
  for (int lane = 0; lane < kWarp; ++lane) {
    if ((one.mask >> lane & 1) == 0) continue;
    if (first + lane >= count_) report_stuck("a collective's mask names lanes that the block does not have");
    const Thread& other = threads_[static_cast<std::size_t>(first + lane)];
    if (other.state != State::kCollective) return;
    if (other.kind != one.kind || other.mask != one.mask || !same_line(other.where, one.where))
      report_stuck("the lanes of a warp are in different collectives");
    lanes.push_back(first + lane);
  }
  auto exchange = std::make_shared<Exchange>();
  for (const int lane : lanes)
    (*exchange)[static_cast<std::size_t>(lane % kWarp)] = threads_[static_cast<std::size_t>(lane)].payload;
  for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) {
    Thread& member = threads_[static_cast<std::size_t>(*lane)];
    member.state = State::kReady;
    member.received = exchange;
    ready_.push_back(*lane);
  }
}

void BlockScheduler::release_barrier() {
  for (const Thread& thread : threads_) {
    if (!same_line(thread.where, threads_.front().where)) report_stuck("threads are at different barriers");
  }
  for (int thread = count_ - 1; thread >= 0; --thread) {
    threads_[static_cast<std::size_t>(thread)].state = State::kReady;
    ready_.push_back(thread);
  }
  at_barrier_ = 0;
}

void BlockScheduler::copy_later(void* shared, const void* global, std::size_t bytes) {
  std::memset(shared, 0xFF, bytes);
  threads_[static_cast<std::size_t>(running_)].copies.push_back({shared, global, bytes});
}

void BlockScheduler::wait_for_copies() {
  auto& copies = threads_[static_cast<std::size_t>(running_)].copies;
  for (const Copy& copy : copies) global_memory().read(copy.global, copy.shared, copy.bytes);
  copies.clear();
}

std::string BlockScheduler::block_name() const {
  return std::string(grid_.kernel) + ", block (" + std::to_string(block_.x) + ", " +
         std::to_string(block_.y) + ", " + std::to_string(block_.z) + ")";
}

std::string BlockScheduler::here() const {
  if (running_ < 0) return "the host";
  return block_name() + ", thread " + std::to_string(running_);
}

std::string BlockScheduler::threads_where(const std::function<bool(const Thread&)>& holds) const {
  std::vector<int> numbers;
  for (int thread = 0; thread < count_; ++thread) {
    if (holds(threads_[static_cast<std::size_t>(thread)])) numbers.push_back(thread);
  }
  return ranges(numbers);
}

void BlockScheduler::report_stuck(const std::string& what) const {
  std::string text = block_name() + ": " + what;
  std::set<std::pair<State, std::string>> places;
  for (const Thread& thread : threads_) {
    if (thread.state == State::kBarrier || thread.state == State::kCollective)
      places.insert({thread.state, line_of(thread.where)});
  }
  for (const auto& [state, line] : places) {
    text += "; " +
            threads_where([&](const Thread& t) { return t.state == state && line_of(t.where) == line; }) +
            (state == State::kBarrier ? " at the barrier of " : " in the collective of ") + line;
  }
  const std::string ended = threads_where([](const Thread& t) { return t.state == State::kEnded; });
  if (!ended.empty()) text += "; " + ended + " have ended";
  throw KernelError(text);
}

}  // namespace effnet::emulator
