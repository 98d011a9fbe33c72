#include "data/loader.h"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "data/batch_maker.h"
#include "spec/error.h"

namespace effnet::data {
namespace {

// Threads that make batches ahead of the caller: each takes the lowest number not yet taken. A ring of slots
// bounds how far ahead, and hands the caller's used buffers back to the workers.
class Prefetcher {
 public:
  Prefetcher(const BatchMaker& maker, int workers)
      : maker_(maker),
        slots_(static_cast<std::size_t>(workers) * 2),
        next_ticket_(maker.options().first_batch),
        next_wanted_(next_ticket_) {
    try {
      for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
      stop();
      throw spec::Error(spec::ErrorKind::kEnvironment, "workers",
                        fmt::format("{} threads could not be started: {}", workers, error.what()),
                        "Ask for fewer.");
    }
  }
  ~Prefetcher() { stop(); }

  void take(std::int64_t number, Batch& out) {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(number);
    ready_.wait(lock, [&] { return slot.full; });
    if (slot.error) std::rethrow_exception(slot.error);  // the slot stays full: later calls throw too
    std::swap(slot.batch, out);
    slot.full = false;
    next_wanted_ = number + 1;
    lock.unlock();
    room_.notify_all();
  }

 private:
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool full = false;
  };

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Slot& slot_of(std::int64_t number) { return slots_[static_cast<std::size_t>(number) % slots_.size()]; }

  void work() {
    Workspace workspace;
    const auto ahead = static_cast<std::int64_t>(slots_.size());
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [&] {
        return stopping_ || next_ticket_ >= maker_.batches() || next_ticket_ < next_wanted_ + ahead;
      });
      if (stopping_ || next_ticket_ >= maker_.batches()) return;
      const std::int64_t number = next_ticket_++;
      Slot& slot = slot_of(number);  // nobody else's until it is full
      lock.unlock();
      std::exception_ptr error;
      try {
        maker_.make(number, workspace, slot.batch);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      slot.error = error;
      slot.full = true;
      ready_.notify_all();
    }
  }

  const BatchMaker& maker_;
  std::vector<Slot> slots_;
  std::int64_t next_ticket_, next_wanted_;
  bool stopping_ = false;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace

class Loader::State {
 public:
  State(const Dataset& dataset, LoaderOptions options)
      : maker_(dataset, std::move(options)), next_(maker_.options().first_batch) {
    if (maker_.options().workers > 0) prefetcher_.emplace(maker_, maker_.options().workers);
  }

  std::int64_t batches() const { return maker_.batches(); }

  bool next(Batch& out) {
    if (next_ >= maker_.batches()) return false;
    if (prefetcher_) {
      prefetcher_->take(next_, out);
    } else {
      maker_.make(next_, workspace_, out);
    }
    ++next_;
    return true;
  }

 private:
  BatchMaker maker_;
  Workspace workspace_;
  std::int64_t next_;
  std::optional<Prefetcher> prefetcher_;
};

Loader::Loader(const Dataset& dataset, LoaderOptions options)
    : state_(std::make_unique<State>(dataset, std::move(options))) {}
Loader::~Loader() = default;
std::int64_t Loader::batches() const {
  return state_->batches();
}
bool Loader::next(Batch& out) {
  return state_->next(out);
}

}  // namespace effnet::data
