// The mean over a map: (N, C, H, W) -> (N, C), of narrow numbers in float. Written as sum / (H * W), because the gradient of a sum is a broadcast
// view, that of LibTorch's mean a division of the whole map.
#pragma once

#include <torch/torch.h>

namespace effnet::ops {

inline torch::Tensor mean_of_map(const torch::Tensor& x) {
  const auto type = c10::isReducedFloatingType(x.scalar_type()) ? torch::kFloat : x.scalar_type();
  return x.sum({2, 3}, /*keepdim=*/false, type) * (1.0 / static_cast<double>(x.size(2) * x.size(3)));
}

}  // namespace effnet::ops
