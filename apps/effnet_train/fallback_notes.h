// What falls back: to LibTorch's operators in place of the project's kernels, to launches in place of a graph. Told once a
// reason.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "ops/execution.h"

namespace effnet::apps {

class FallbackNotes {
 public:
  // After a step of a net: calls `tell` with every reason of its context that was not told before, of whatever net.
  void tell_new(const ops::ExecutionContext& context, const std::function<void(const std::string&)>& tell) {
    for (const std::string& reason : context.fallbacks()) {
      if (told_.insert(reason).second) tell("falls back: " + reason);
    }
  }

 private:
  std::set<std::string> told_;
};

}  // namespace effnet::apps
