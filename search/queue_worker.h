// One worker of the studies in a trial store, in whatever process and on whatever machine: it claims a trial, evaluates
// it while it gives signs of life, and delivers the outcome, which the study (search/study.h) records. What a dead
// worker had claimed goes to another when it was silent for `life` seconds.
#pragma once

#include <functional>
#include <string>

#include "search/evaluator.h"
#include "store/trial_store.h"

namespace effnet::search {

struct WorkerSettings {
  std::string name;   // of its claims; no two workers at work may share one
  std::string study;  // the only one it works for; empty: all of the store
  double life = 30;   // seconds without a sign of life after which it takes a trial from another worker
};

class QueueWorker {
 public:
  using EvaluatorOf = std::function<Evaluator&(const store::Claim&)>;

  // The store must outlive the worker.
  QueueWorker(store::TrialStore& store, WorkerSettings settings)
      : store_(store), settings_(std::move(settings)) {}

  enum class Result {
    kIdle,       // there was no trial to take
    kDelivered,  // one is done
    kLost        // another worker has taken it over, for want of signs of life
  };

  // One trial. An Error of the evaluator, kStopped when the reporter said so included, comes through after the trial
  // was given back.
  Result work(const EvaluatorOf& evaluator_of, Reporter& reporter);

 private:
  store::TrialStore& store_;
  WorkerSettings settings_;
};

// HOST:PID:NUMBER, the number counted in this process: unique among workers at work.
std::string worker_name();

}  // namespace effnet::search
