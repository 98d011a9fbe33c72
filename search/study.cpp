#include "search/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "search/queue_worker.h"
#include "spec/error.h"
#include "spec/recipe_choices.h"

namespace effnet::search {
namespace {

using spec::Error;
using spec::ErrorKind;
using spec::Outcome;
using spec::Trial;

constexpr auto kGlance = std::chrono::milliseconds(50);  // how often stops and other processes are looked at
constexpr auto kPatience = std::chrono::seconds(1);      // until an idle worker looks for what others left
constexpr std::string_view kOwnWorker = "study@";        // how the names of this process' workers begin

bool may_be_accident(spec::OutcomeKind kind) {
  return kind == spec::OutcomeKind::kCrashed || kind == spec::OutcomeKind::kTimedOut ||
         kind == spec::OutcomeKind::kOutOfMemory;
}

std::optional<double> reward_of(const StudyConfig& config, const Trial& trial, const Outcome& outcome) {
  if (!outcome.scored()) return std::nullopt;
  return reward(config.objective, outcome.accuracy / 100, trial.candidate.cost);
}

TrialResult result_of(const StudyConfig& config, store::TrialRecord record) {
  const std::optional<double> value = reward_of(config, record.trial, record.outcome);
  return {std::move(record.trial), std::move(record.outcome), value, record.repeat,
          record.same_as,          std::move(record.finished)};
}

// One run(): the thread that called it asks, offers and records; each worker of this process has a thread.
class Session {
 public:
  Session(const StudyConfig& config, const CandidateOf& candidate_of, Strategy& strategy,
          store::TrialStore& store, const StudyRunOptions& options)
      : config_(config), candidate_of_(candidate_of), strategy_(strategy), store_(store), options_(options) {
    for (store::TrialRecord& record : store_.trials(config_.name)) {
      if (record.trial.number < config_.trials) stored_.emplace(record.trial.number, std::move(record));
    }
    slots_.resize(static_cast<std::size_t>(config_.trials));
    if (options_.observer && !stored_.empty()) options_.observer->resumed(static_cast<int>(stored_.size()));
    store_.give_back_all(config_.name, kOwnWorker);  // of a process that was killed: only one runs a study
  }

  std::vector<TrialResult> run() {
    std::vector<std::thread> threads;
    const int workers = std::min({options_.workers, config_.lag, config_.trials});
    for (int worker = 0; worker < workers; ++worker) threads.emplace_back([this, worker] { work(worker); });
    try {
      coordinate();
    } catch (...) {
      keep_error();
    }
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
    }
    offered_.notify_all();
    for (std::thread& thread : threads) thread.join();
    if (finished_ < config_.trials) collect();  // what was being evaluated
    if (error_) std::rethrow_exception(error_);
    if (finished_ < config_.trials) {
      throw Error(ErrorKind::kStopped, fmt::format("study '{}'", config_.name),
                  fmt::format("stopped; {} of {} trials are finished and kept", finished_, config_.trials),
                  "run the same command again to go on");
    }
    for (; told_ < config_.trials; ++told_)
      tell();  // what the lag held back, for the strategy's recommendation
    std::vector<TrialResult> results;
    for (Slot& slot : slots_) results.push_back(std::move(slot.result));
    return results;
  }

 private:
  struct Slot {
    TrialResult result;
    bool finished = false, retried = false;
    std::vector<int> waiting;  // trials of the same net that wait for this one's outcome
  };

  class WorkerReporter final : public Reporter {
   public:
    explicit WorkerReporter(Session& session) : session_(session) {}
    void progress(int trial, double fraction) override { session_.show_progress(trial, fraction); }
    bool go_on(int) override { return !session_.stopping(); }

   private:
    Session& session_;
  };

  bool stopping() const { return failed_ || (options_.stop && options_.stop->load()); }

  void work(int worker) {
    try {
      QueueWorker taker(store_, {std::string(kOwnWorker) + worker_name(), config_.name, options_.claim_life});
      std::unique_ptr<Evaluator> evaluator;
      const auto evaluator_of = [&](const store::Claim&) -> Evaluator& {
        if (!evaluator) evaluator = options_.make_evaluator(worker);
        return *evaluator;
      };
      WorkerReporter reporter(*this);
      for (int seen = 0; wait_for_offer(seen);) {
        while (!stopping() && taker.work(evaluator_of, reporter) != QueueWorker::Result::kIdle) {
          const std::scoped_lock lock(mutex_);
          news_ = true;
          delivered_.notify_one();
        }
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kStopped) keep_error();
    } catch (...) {
      keep_error();
    }
    delivered_.notify_one();
  }

  // False when there is nothing more to wait for. Now and then it is true without an offer: then a trial may be there
  // that its worker has left.
  bool wait_for_offer(int& seen) {
    std::unique_lock lock(mutex_);
    const auto patience = std::chrono::steady_clock::now() + kPatience;
    while (!over_ && !stopping()) {
      if (std::exchange(seen, offers_) != offers_ || std::chrono::steady_clock::now() >= patience)
        return true;
      offered_.wait_for(lock, kGlance);
    }
    return false;
  }

  void keep_error() {
    const std::scoped_lock lock(mutex_);
    if (!error_) error_ = std::current_exception();
    failed_ = true;
  }

  void show_progress(int trial, double fraction) {
    const std::scoped_lock lock(mutex_);
    if (options_.observer) options_.observer->trial_progress(trial, fraction);
  }

  void coordinate() {
    while (!stopping()) {
      while (may_ask()) ask();
      if (finished_ == config_.trials) return;
      {
        std::unique_lock lock(mutex_);
        delivered_.wait_for(lock, kGlance, [&] { return news_ || failed_; });
        news_ = false;
      }
      collect();
    }
  }

  // Takes from the queue what was delivered.
  void collect() {
    for (store::QueuedTrial& queued : store_.queue(config_.name)) {
      if (queued.number >= asked_) continue;  // of a run before this one, which had asked further
      Slot& slot = slots_[static_cast<std::size_t>(queued.number)];
      if (!queued.outcome) {
        if (queued.progress > 0 && !queued.worker.starts_with(kOwnWorker))
          show_progress(queued.number, queued.progress);
      } else if (may_be_accident(queued.outcome->kind) && !std::exchange(slot.retried, true)) {
        if (options_.observer) {
          const std::scoped_lock lock(mutex_);
          options_.observer->trial_retried(slot.result.trial, *queued.outcome);
        }
        store_.offer_again(config_.name, queued.number);
        tell_workers();
      } else {
        finish(queued.number, std::move(*queued.outcome));
      }
    }
  }

  void offer(int number) {
    store_.offer(config_.name, slots_[static_cast<std::size_t>(number)].result.trial);
    tell_workers();
  }

  void tell_workers() {
    const std::scoped_lock lock(mutex_);
    ++offers_;
    offered_.notify_all();
  }

  // Tells what ask `asked_` has to know, exactly that, and says whether it was all there.
  bool may_ask() {
    if (asked_ >= config_.trials) return false;
    while (told_ <= asked_ - config_.lag) {
      if (!slots_[static_cast<std::size_t>(told_)].finished) return false;
      tell();
      ++told_;
    }
    return true;
  }

  void tell() {
    const TrialResult& result = slots_[static_cast<std::size_t>(told_)].result;
    strategy_.tell(told_, result.trial.candidate.choices, told_reward(config_, known_, result));
    known_.push_back(result.outcome);
  }

  void ask() {
    const int number = asked_++;
    const std::uint64_t index = static_cast<std::uint64_t>(number);
    TrialResult& result = slots_[index].result;
    const spec::Choices choices = strategy_.ask({number, spec::derive_seed(config_.seed, "ask", index)});
    result.trial = {number, spec::derive_seed(config_.seed, "trial", index), candidate_of_(choices),
                    config_.budget, rungs_after(config_.early_stop, config_.budget.epochs, known_)};
    std::vector<int>& same = by_training_[spec::training_text(result.trial.candidate)];
    result.repeat = static_cast<int>(same.size());
    same.push_back(number);
    if (const auto stored = stored_.find(number); stored != stored_.end()) {
      replay(stored->second);
    } else if (result.repeat == 0 || config_.identical == IdenticalNets::kTrainAgain) {
      offer(number);
    } else if (Slot& first = slots_[static_cast<std::size_t>(same.front())]; first.finished) {
      take_over(number, first.result);
    } else {
      first.waiting.push_back(number);
    }
  }

  void replay(const store::TrialRecord& record) {
    Slot& slot = slots_[static_cast<std::size_t>(record.trial.number)];
    const Trial& asked = slot.result.trial;
    if (record.trial.candidate.choices != asked.candidate.choices || record.trial.seed != asked.seed ||
        record.trial.candidate.arch != asked.candidate.arch) {
      throw Error(ErrorKind::kBadData, fmt::format("study '{}'", config_.name),
                  fmt::format("trial {} was {} in the store and would be {} now", asked.number,
                              spec::choices_json(record.trial.candidate.choices),
                              spec::choices_json(asked.candidate.choices)),
                  "the store was written by another version of the program; give another --output folder");
    }
    slot.result = result_of(config_, record);
    slot.finished = true;
    ++finished_;
  }

  // A failure is not taken over: the net is tried again by its later trial.
  void take_over(int number, const TrialResult& first) {
    if (first.outcome.failed()) {
      offer(number);
      return;
    }
    slots_[static_cast<std::size_t>(number)].result.same_as = first.trial.number;
    Outcome outcome = first.outcome;
    outcome.pictures = 0;  // nothing was trained, so nothing is on the bill
    outcome.seconds = 0;
    finish(number, std::move(outcome));
  }

  void finish(int number, Outcome outcome) {
    Slot& slot = slots_[static_cast<std::size_t>(number)];
    TrialResult& result = slot.result;
    result.reward = reward_of(config_, result.trial, outcome);
    result.outcome = std::move(outcome);
    store_.record(config_.name, {result.trial, result.repeat, result.same_as, result.outcome});
    slot.finished = true;
    ++finished_;
    if (options_.observer) {
      const std::scoped_lock lock(mutex_);
      options_.observer->trial_finished(result);
    }
    for (const int waiting : std::exchange(slot.waiting, {})) take_over(waiting, result);
  }

  const StudyConfig& config_;
  const CandidateOf& candidate_of_;
  Strategy& strategy_;
  store::TrialStore& store_;
  const StudyRunOptions& options_;

  // Of the thread that runs the study alone.
  std::vector<Slot> slots_;  // one a trial
  std::map<int, store::TrialRecord> stored_;
  std::map<std::string, std::vector<int>> by_training_;
  std::vector<Outcome> known_;  // what the strategy was told of
  int asked_ = 0, told_ = 0, finished_ = 0;

  std::mutex mutex_;  // of what follows, and of calls to the observer
  std::condition_variable offered_, delivered_;
  int offers_ = 1;  // counted, so that no worker misses one; the first is what another run has left
  bool news_ = false, over_ = false;
  std::exception_ptr error_;
  std::atomic<bool> failed_ = false;
};

}  // namespace

const TrialResult* best_of(const std::vector<TrialResult>& results) {
  const TrialResult* best = nullptr;
  for (const TrialResult& result : results) {
    if (result.reward && (!best || *result.reward > *best->reward)) best = &result;
  }
  return best;
}

std::optional<double> told_reward(const StudyConfig& config, std::span<const Outcome> before,
                                  const TrialResult& result) {
  if (result.outcome.kind != spec::OutcomeKind::kStoppedEarly) return result.reward;
  const std::optional<double> accuracy = expected_accuracy(result.outcome, before);
  if (!accuracy) return std::nullopt;
  return reward(config.objective, *accuracy / 100, result.trial.candidate.cost);
}

std::vector<TrialResult> read_results(const store::TrialStore& store, const StudyConfig& config) {
  std::vector<TrialResult> results;
  for (store::TrialRecord& record : store.trials(config.name))
    results.push_back(result_of(config, std::move(record)));
  return results;
}

Study::Study(StudyConfig config, CandidateOf candidate_of, Strategy& strategy, store::TrialStore& store)
    : config_(std::move(config)), candidate_of_(std::move(candidate_of)), strategy_(strategy), store_(store) {
  assert(config_.lag >= 1 && config_.trials >= 0);
  check(config_.objective, fmt::format("study '{}'", config_.name));
}

std::vector<TrialResult> Study::run(const StudyRunOptions& options) {
  store_.open_study({config_.name, config_.seed, config_json(config_)});
  return Session(config_, candidate_of_, strategy_, store_, options).run();
}

}  // namespace effnet::search
