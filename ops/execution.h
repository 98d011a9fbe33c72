// How operators are carried out: by which implementation, and with which memory to work in. One context serves one net,
// one step at a time; copies share it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "cpu/workspace.h"

namespace effnet::ops {

enum class Kernels {
  kAuto,       // the project's own where they cover the case, else the reference
  kReference,  // LibTorch's operators and gradients: the definition
  kEffnet,     // the project's own; what they do not cover is the reference's all the same, and is said
};

enum class Mode { kTrain, kEval };  // statistics of the batch, or the running ones

class ExecutionContext {
 public:
  // Whose the memory to work in is: the context's, or the thread's that computes.
  enum class Memory { kOfContext, kOfThread };

  explicit ExecutionContext(Kernels kernels = Kernels::kAuto, Memory memory = Memory::kOfContext)
      : state_(std::make_shared<State>(kernels, memory)) {}

  Kernels kernels() const { return state_->kernels; }
  cpu::Workspace& workspace() const {
    static thread_local cpu::Workspace of_thread;
    return state_->memory == Memory::kOfThread ? of_thread : state_->workspace;
  }

  // Reasons why the reference stood in for the project's kernels, each once.
  const std::set<std::string>& fallbacks() const { return state_->fallbacks; }
  void note_fallback(std::string reason) const { state_->fallbacks.insert(std::move(reason)); }

 private:
  struct State {
    State(Kernels chosen, Memory whose) : kernels(chosen), memory(whose) {}
    Kernels kernels;
    Memory memory;
    cpu::Workspace workspace;
    std::set<std::string> fallbacks;
  };
  std::shared_ptr<State> state_;
};

}  // namespace effnet::ops
