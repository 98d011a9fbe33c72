// How a training can fail by itself, told apart from bugs: the loss became infinite or NaN, or memory ran
// out.
#pragma once

#include <functional>
#include <string_view>

#include "spec/error.h"
#include "spec/trial.h"

namespace effnet::training {

class TrainingFailure : public spec::Error {
 public:
  TrainingFailure(spec::OutcomeKind reason, std::string_view message, std::string_view advice);

  spec::OutcomeKind reason() const { return reason_; }  // kDiverged or kOutOfMemory

 private:
  spec::OutcomeKind reason_;
};

// Runs `work`; std::bad_alloc and LibTorch's allocation failures come out as TrainingFailure{kOutOfMemory}, its other
// errors as spec::Error{kFailed}.
void with_typed_failures(const std::function<void()>& work);

}  // namespace effnet::training
