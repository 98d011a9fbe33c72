// Operators by the kernels of cuda/, which the emulator runs on LibTorch's own memory.
#pragma once

#include "ops/execution.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace effnet::tests {

inline ops::ExecutionContext emulated() {
  emulator::open_host_memory();
  return {ops::Kernels::kEffnet, ops::ExecutionContext::Memory::kOfContext, ops::CudaMemory::kHost};
}

}  // namespace effnet::tests
