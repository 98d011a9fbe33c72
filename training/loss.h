// Cross-entropy with label smoothing (arXiv 1512.00567): the target is 1 - s on the label plus s / classes
// everywhere.
#pragma once

#include <torch/torch.h>

namespace effnet::training {

// logits (N, K), labels (N) int64 -> mean over N, a scalar.
torch::Tensor smoothed_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                     double smoothing);

}  // namespace effnet::training
