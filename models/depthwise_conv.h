// The depthwise convolution with a weight gradient of its own where LibTorch's is slow (models/depthwise_gradient.h).
#pragma once

#include <torch/torch.h>

namespace effnet::models {

// Whether depthwise_conv() does better than at::conv2d here: on the CPU, in float, channels_last, kernel 5 or 7, while
// training.
bool prefers_depthwise_conv(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t groups);

// at::conv2d(x, weight, {}, stride, {pad_rows, pad_columns}, 1, groups = channels); x (N, C, H, W), weight (C, 1, k, k).
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& weight, int stride,
                             std::int64_t pad_rows, std::int64_t pad_columns);

}  // namespace effnet::models
