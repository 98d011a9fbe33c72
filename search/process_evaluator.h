// An evaluator in a process of its own, which may crash, hang or run out of memory without taking the study
// down: `effnet-train`, or any program of the user's that speaks the protocol of spec/trial.h. The child is
// long-lived: one JSON line a trial goes in, progress lines and one outcome line come out; it ends at the end
// of its stdin. A crash, a hang or garbage fails that trial only; the next one gets a new child.
#pragma once

#include <memory>

#include "search/child_process.h"
#include "search/evaluator.h"

namespace effnet::search {

struct ProcessEvaluatorConfig {
  ChildCommand command;
  double timeout = 0;  // seconds a trial may take, 0: any
};

class ProcessEvaluator final : public Evaluator {
 public:
  explicit ProcessEvaluator(ProcessEvaluatorConfig config);
  ~ProcessEvaluator() override;

  // Throws Error{kEnvironment} when the program cannot be started, and the Error of its exit code (2 kUsage,
  // 3 kBadData, 4 kEnvironment) with the end of its log when it ends so before it ever answered: then it is
  // not the trial that is wrong.
  spec::Outcome evaluate(const spec::Trial& trial, Reporter& reporter) override;

 private:
  spec::Outcome converse(const spec::Trial& trial, Reporter& reporter);
  spec::Outcome ended(std::chrono::milliseconds grace);
  spec::Outcome failed(spec::OutcomeKind kind, std::string message);
  std::string last_words() const;

  ProcessEvaluatorConfig config_;
  std::unique_ptr<ChildProcess> child_;  // empty until the next trial needs one
  bool answered_ = false;                // some child of this evaluator has given an outcome
  std::uintmax_t log_start_ = 0;         // size of the log when the trial began
  long kernel_kills_ = 0;                // out-of-memory kills the kernel had counted by then
};

}  // namespace effnet::search
