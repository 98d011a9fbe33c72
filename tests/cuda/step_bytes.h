// The bytes of a training step of a net by the models of its kernels: stem, blocks, head and optimizer. What LibTorch does
// in between, the mean over the last map and the classifier, is left out.
#pragma once

#include "cuda/storage.h"
#include "spec/arch_spec.h"

namespace effnet::tests {

struct StepBytes {
  cuda::BytesModel forward, backward, optimizer;  // of the whole batch

  double total() const { return forward.total() + backward.total() + optimizer.total(); }
};

// Stem and head of one convolution each, stages of MBConv; `parameters` is the optimizer's.
StepBytes step_bytes(const spec::ArchSpec& arch, std::int64_t batch, std::int64_t parameters);

}  // namespace effnet::tests
