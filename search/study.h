// A study: numbered trials of one strategy, evaluated by several workers, remembered in the trial store. The study asks and
// records; workers take its trials from the store's queue, be they threads of this process or other processes.
//
// Ask n sees exactly the outcomes of the trials 0..n-lag, told in trial order, and the seed of a trial
// derives from (study seed, number). So which nets are tried, and what comes of them, does not depend on how
// many workers there are, which of them is faster, or when the study was stopped and gone on with. At most
// `lag` workers can be busy.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/early_stop.h"
#include "search/evaluator.h"
#include "search/objective.h"
#include "search/strategy.h"
#include "store/trial_store.h"

namespace effnet::search {

// A net asked for a second time in one study: take over the first one's score, or train again with another
// seed.
enum class IdenticalNets { kTakeOver, kTrainAgain };

struct StudyConfig {
  std::string name;
  std::uint64_t seed = 0;
  int trials = 0;  // may be raised later: the trials before stay as they are
  int lag = 1;     // 1: every trial knows all before it
  spec::Budget budget;
  Objective objective;
  IdenticalNets identical = IdenticalNets::kTakeOver;
  EarlyStop early_stop = EarlyStop::kNone;
  std::string strategy;             // its name
  std::string strategy_why;         // the sentence by which it was chosen; empty when it was named
  std::string details_json = "{}";  // whatever else must be the same to go on: space, data, recipe, evaluator
};

// Everything but name, seed and number of trials, as the store keeps and compares it.
std::string config_json(const StudyConfig& config);
StudyConfig config_from_record(const store::StudyRecord& record);  // trials is 0; kBadData if it is none

struct TrialResult {
  spec::Trial trial;
  spec::Outcome outcome;
  std::optional<double> reward;  // empty: failed, stopped early, or the constraint is broken
  int repeat = 0;                // earlier trials of the same net
  std::optional<int> same_as;    // the trial whose outcome was taken over; nothing was trained then
  std::string finished;          // UTC, of a trial that was read from the store
};

// The highest reward, the earlier trial of equals; nullptr if there is none.
const TrialResult* best_of(const std::vector<TrialResult>& results);

// What the strategy is told of a trial, given those before it: its reward, or that of the accuracy to which it is expected
// to have come where it was stopped early.
std::optional<double> told_reward(const StudyConfig& config, std::span<const spec::Outcome> before,
                                  const TrialResult& result);

// The trials a store has of a study, by number; for reports.
std::vector<TrialResult> read_results(const store::TrialStore& store, const StudyConfig& config);

// Told one call at a time. It must not throw or call the study.
class StudyObserver {
 public:
  virtual ~StudyObserver() = default;
  virtual void resumed(int /*finished*/) {}  // so many trials were in the store
  virtual void trial_progress(int /*trial*/, double /*fraction*/) {}
  // A crash, a hang or a want of memory may have been an accident: the trial is tried once more.
  virtual void trial_retried(const spec::Trial& /*trial*/, const spec::Outcome& /*outcome*/) {}
  virtual void trial_finished(const TrialResult& /*result*/) {}  // not for those in the store
};

using CandidateOf = std::function<spec::Candidate(const spec::Choices&)>;
using EvaluatorFactory = std::function<std::unique_ptr<Evaluator>(int worker)>;

struct StudyRunOptions {
  int workers = 1;                  // of this process; 0: all work is left to others
  EvaluatorFactory make_evaluator;  // called in the worker's thread, when it has its first trial
  StudyObserver* observer = nullptr;
  const std::atomic<bool>* stop = nullptr;
  double claim_life = 30;  // seconds; see WorkerSettings
};

class Study {
 public:
  // The strategy must be fresh: the study tells it everything, also what is in the store. Strategy and store
  // must outlive the study.
  Study(StudyConfig config, CandidateOf candidate_of, Strategy& strategy, store::TrialStore& store);

  // Goes on where the store ends and returns all trials, by number. To be called once.
  //   kStopped  the stop flag was set; the finished trials are in the store
  //   kUsage    the store's study of this name has other settings
  //   kBadData  the store's trials are not those that this strategy asks for
  // and whatever the evaluators or the store throw.
  std::vector<TrialResult> run(const StudyRunOptions& options);

 private:
  StudyConfig config_;
  CandidateOf candidate_of_;
  Strategy& strategy_;
  store::TrialStore& store_;
};

}  // namespace effnet::search
