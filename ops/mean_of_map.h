// The mean over a map: (N, C, H, W) -> (N, C), of narrow numbers in float.
#pragma once

#include <torch/torch.h>

#include "ops/execution.h"
#include "ops/map.h"

namespace effnet::ops {

// Written as sum / (H * W), because the gradient of a sum is a broadcast view, that of LibTorch's mean a division of the
// whole map.
inline torch::Tensor mean_of_map(const torch::Tensor& x) {
  const auto type = c10::isReducedFloatingType(x.scalar_type()) ? torch::kFloat : x.scalar_type();
  return x.sum({2, 3}, /*keepdim=*/false, type) * (1.0 / static_cast<double>(x.size(2) * x.size(3)));
}

// The same of a map that may be raw, whose batch norm and activation are applied on the way.
torch::Tensor mean_of_map(const Map& x);

// Whether it takes a raw map in the place of `like`, a map of the net in the same step.
bool mean_takes_raw(const ExecutionContext& context, const torch::Tensor& like);

}  // namespace effnet::ops
