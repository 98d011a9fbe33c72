#include "search/queue_worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include "spec/error.h"

namespace effnet::search {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLongestSilence = 2;  // seconds; what others see of the progress is as old as that

// Passes on what the evaluator says, and says at intervals that the worker lives.
class BeatingReporter final : public Reporter {
 public:
  BeatingReporter(store::TrialStore& store, const store::Claim& claim, double life, Reporter& reporter)
      : store_(store), claim_(claim), silence_(std::min(life / 4, kLongestSilence)), reporter_(reporter) {}

  void progress(int trial, double fraction) override {
    progress_ = fraction;
    reporter_.progress(trial, fraction);
  }

  bool go_on(int trial) override {
    if (!lost_ && Clock::now() - last_ >= std::chrono::duration<double>(silence_)) {
      lost_ = !store_.beat(claim_, progress_);
      last_ = Clock::now();
    }
    return !lost_ && reporter_.go_on(trial);
  }

  bool lost() const { return lost_; }

 private:
  store::TrialStore& store_;
  const store::Claim& claim_;
  const double silence_;
  Reporter& reporter_;
  Clock::time_point last_ = Clock::now();
  double progress_ = 0;
  bool lost_ = false;
};

}  // namespace

QueueWorker::Result QueueWorker::work(const EvaluatorOf& evaluator_of, Reporter& reporter) {
  const std::optional<store::Claim> claim = store_.claim(settings_.name, settings_.life, settings_.study);
  if (!claim) return Result::kIdle;
  BeatingReporter beating(store_, *claim, settings_.life, reporter);
  spec::Outcome outcome;
  try {
    outcome = evaluator_of(*claim).evaluate(claim->trial, beating);
  } catch (...) {
    if (beating.lost()) return Result::kLost;
    store_.give_back(*claim);
    throw;
  }
  return store_.deliver(*claim, outcome) ? Result::kDelivered : Result::kLost;
}

std::string worker_name() {
  static std::atomic<int> count = 0;
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}:{}", host.data(), getpid(), count++);
}

}  // namespace effnet::search
