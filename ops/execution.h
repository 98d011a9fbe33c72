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
  explicit ExecutionContext(Kernels kernels = Kernels::kAuto) : state_(std::make_shared<State>(kernels)) {}

  Kernels kernels() const { return state_->kernels; }
  cpu::Workspace& workspace() const { return state_->workspace; }

  // Reasons why the reference stood in for the project's kernels, each once.
  const std::set<std::string>& fallbacks() const { return state_->fallbacks; }
  void note_fallback(std::string reason) const { state_->fallbacks.insert(std::move(reason)); }

 private:
  struct State {
    explicit State(Kernels chosen) : kernels(chosen) {}
    Kernels kernels;
    cpu::Workspace workspace;
    std::set<std::string> fallbacks;
  };
  std::shared_ptr<State> state_;
};

}  // namespace effnet::ops
