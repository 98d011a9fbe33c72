// Convolution, batch norm (arXiv 1502.03167), activation: what every block is made of. Parameters are named
// conv.weight, bn.weight, bn.bias; buffers bn.running_mean, bn.running_var.
#pragma once

#include <torch/torch.h>

#include "models/same_conv.h"
#include "spec/arch_spec.h"

namespace effnet::models {

// What all layers of one net have in common.
struct NetTraits {
  spec::Activation activation = spec::Activation::kSilu;
  spec::Padding padding = spec::Padding::kSame;
  spec::SqueezeBase squeeze_base = spec::SqueezeBase::kInput;
  double bn_eps = 1e-3;
  double bn_momentum = 0.1;  // running = (1 - m) * running + m * batch
};

class BatchNormImpl : public torch::nn::Module {
 public:
  BatchNormImpl(int channels, const NetTraits& traits);

  // (N, C, H, W), and the activation after it; with the batch's statistics while training.
  torch::Tensor forward(const torch::Tensor& x, spec::Activation activation);

  torch::Tensor weight, bias, running_mean, running_var;  // (C)

 private:
  double eps_, momentum_;
};
TORCH_MODULE(BatchNorm);

class ConvBnImpl : public torch::nn::Module {
 public:
  ConvBnImpl(const ConvOptions& options, const NetTraits& traits, spec::Activation activation);

  torch::Tensor forward(const torch::Tensor& x);

 private:
  SameConv2d conv_{nullptr};
  BatchNorm bn_{nullptr};
  spec::Activation activation_;
};
TORCH_MODULE(ConvBn);

}  // namespace effnet::models
