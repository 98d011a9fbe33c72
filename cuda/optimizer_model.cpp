// The work of the optimizer's kernels in bytes and flops.
#include <algorithm>

#include "cuda/optimizer_step.h"

namespace effnet::cuda {
namespace {

constexpr Index kMostParts = 264, kOfPart = 4096;  // parameters a block takes at a time

}  // namespace

Index norm_parts(Index count) {
  return std::min(kMostParts, (count + kOfPart - 1) / kOfPart);
}

double flops_of(const OptimizerStep& work) {
  const int of_rule = work.rule == OptimizerRule::kSgd ? 6 : 10;  // a root and a division among them
  return static_cast<double>(work.count) * (3 + of_rule + (work.average ? 3 : 0));
}

double flops_of(const GradientNorm& work) {
  return 2 * static_cast<double>(work.count);
}

BytesModel bytes_of(const OptimizerStep& work) {
  const double count = static_cast<double>(work.count);
  const double arrays = 3 + (work.rule == OptimizerRule::kRmspropTf ? 1 : 0) + (work.average ? 1 : 0);
  return {.rest_read = 4 * count * arrays + 12,
          .rest_written = 4 * count * arrays + (work.bfloat16_copy ? 2 * count : 0)};
}

BytesModel bytes_of(const GradientNorm& work) {
  const double parts = 8 * static_cast<double>(norm_parts(work.count));
  return {.rest_read = 4 * static_cast<double>(work.count) + parts, .rest_written = parts + 8};
}

}  // namespace effnet::cuda
