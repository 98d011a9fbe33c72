// How operators are carried out: by which implementation, and with which memory to work in. One context serves one net,
// one step at a time; copies share it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "cpu/workspace.h"

namespace effnet::ops {

struct FlatParameters;

enum class Kernels {
  kAuto,       // the project's own where they cover the case, else the reference
  kReference,  // LibTorch's operators and gradients: the definition
  kEffnet,     // the project's own; what they do not cover is the reference's all the same, and is said
  kCudnn,      // the reference with its convolutions by cuDNN, on a CUDA device
};

enum class Mode { kTrain, kEval };  // statistics of the batch, or the running ones

// What the kernels of cuda/ work on: a device's memory, or, run by the emulator of the tests, the host's.
enum class CudaMemory { kDevice, kHost };

class ExecutionContext {
 public:
  // Whose the memory to work in is: the context's, or the thread's that computes.
  enum class Memory { kOfContext, kOfThread };

  ExecutionContext(Kernels kernels = Kernels::kAuto, Memory memory = Memory::kOfContext,
                   CudaMemory cuda_memory = CudaMemory::kDevice)
      : state_(std::make_shared<State>(kernels, memory, cuda_memory)) {}

  Kernels kernels() const { return state_->kernels; }
  // Whether the project's kernels do what they cover.
  bool by_own_kernels() const { return kernels() == Kernels::kAuto || kernels() == Kernels::kEffnet; }
  CudaMemory cuda_memory() const { return state_->cuda_memory; }
  cpu::Workspace& workspace() const {
    static thread_local cpu::Workspace of_thread;
    return state_->memory == Memory::kOfThread ? of_thread : state_->workspace;
  }

  // Of the net that is being trained (ops/flat_parameters.h), or null.
  std::shared_ptr<const FlatParameters> flat_parameters() const { return state_->flat_parameters; }
  void set_flat_parameters(std::shared_ptr<const FlatParameters> of_net) const {
    state_->flat_parameters = std::move(of_net);
  }

  // Reasons why the reference stood in for the project's kernels, or launches for a CUDA graph, each once.
  const std::set<std::string>& fallbacks() const { return state_->fallbacks; }
  void note_fallback(std::string reason) const { state_->fallbacks.insert(std::move(reason)); }

 private:
  struct State {
    State(Kernels chosen, Memory whose, CudaMemory of_cuda)
        : kernels(chosen), memory(whose), cuda_memory(of_cuda) {}
    Kernels kernels;
    Memory memory;
    CudaMemory cuda_memory;
    cpu::Workspace workspace;
    std::shared_ptr<const FlatParameters> flat_parameters;
    std::set<std::string> fallbacks;
  };
  std::shared_ptr<State> state_;
};

}  // namespace effnet::ops
