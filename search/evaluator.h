// The seam of a search: something that turns a trial into an outcome. One evaluator a worker; it is used from
// one thread at a time.
#pragma once

#include "spec/trial.h"

namespace effnet::search {

// What an evaluator says while it works, and what it is told.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void progress(int trial, double fraction) = 0;  // 0..1 of this trial
  virtual bool go_on(int trial) = 0;                      // false: the trial is not wanted any more
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;

  // A failure of this trial alone is an Outcome; an Error means that no trial can be evaluated and ends the
  // study. When go_on() turns false it throws Error{kStopped} within a second.
  virtual spec::Outcome evaluate(const spec::Trial& trial, Reporter& reporter) = 0;
};

}  // namespace effnet::search
