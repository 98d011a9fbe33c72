// Convolution, batch norm (arXiv 1502.03167), activation: what every block is made of. The modules hold parameters, the
// operators of ops/ compute. Parameters are named conv.weight, bn.weight, bn.bias; buffers bn.running_mean,
// bn.running_var.
#pragma once

#include <torch/torch.h>

#include "models/map_reader.h"
#include "ops/conv_norm_act.h"
#include "ops/inference.h"
#include "spec/arch_spec.h"

namespace effnet::models {

// What all layers of one net have in common.
struct NetTraits {
  spec::Activation activation = spec::Activation::kSilu;
  spec::Padding padding = spec::Padding::kSame;
  spec::SqueezeBase squeeze_base = spec::SqueezeBase::kInput;
  double bn_eps = 1e-3;
  double bn_momentum = 0.1;  // running = (1 - m) * running + m * batch
  ops::ExecutionContext context;
};

struct ConvOptions {
  int in_channels = 0, out_channels = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

class ConvImpl : public torch::nn::Module {
 public:
  explicit ConvImpl(const ConvOptions& options);

  double fan_out() const {
    return 1.0 * options.kernel * options.kernel * options.out_channels / options.groups;
  }

  const ConvOptions options;
  torch::Tensor weight;  // (out, in / groups, k, k), channels_last
};
TORCH_MODULE(Conv);

class BatchNormImpl : public torch::nn::Module {
 public:
  BatchNormImpl(int channels, const NetTraits& traits);

  ops::BatchNorm tensors() const { return {weight, bias, running_mean, running_var, eps_, momentum_}; }

  torch::Tensor weight, bias, running_mean, running_var;  // (C)

 private:
  double eps_, momentum_;
};
TORCH_MODULE(BatchNorm);

// act(bn(conv(x))), x (N, in, H, W) -> (N, out, H', W'), with the batch's statistics while bn is training.
torch::Tensor conv_bn(const torch::Tensor& x, const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                      spec::Activation activation);

// The same for one reader, both maps raw where that goes (ops/map.h); null: finished.
ops::Map conv_bn_to(const MapReader* reader, const ops::Map& x, const Conv& conv, const BatchNorm& bn,
                    const NetTraits& traits, spec::Activation activation);

// Whether a raw x goes.
bool conv_bn_takes_raw(const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                       const torch::Tensor& like);

// The same at inference.
ops::NetTerms::Conv inference_terms(const Conv& conv, const BatchNorm& bn, const NetTraits& traits,
                                    spec::Activation activation);

class ConvBnImpl : public torch::nn::Module, public MapReader {
 public:
  ConvBnImpl(const ConvOptions& options, const NetTraits& traits, spec::Activation activation);

  torch::Tensor forward(const torch::Tensor& x) { return conv_bn(x, conv, bn, traits_, activation_); }
  ops::Map forward_to(const MapReader* reader, const ops::Map& x) {
    return conv_bn_to(reader, x, conv, bn, traits_, activation_);
  }
  bool takes_raw(kernels::Activation, const torch::Tensor& like) const override {
    return conv_bn_takes_raw(conv, bn, traits_, like);
  }
  ops::NetTerms::Conv terms() const { return inference_terms(conv, bn, traits_, activation_); }

  Conv conv{nullptr};
  BatchNorm bn{nullptr};

 private:
  NetTraits traits_;
  spec::Activation activation_;
};
TORCH_MODULE(ConvBn);

inline ops::Mode mode_of(const torch::nn::Module& module) {
  return module.is_training() ? ops::Mode::kTrain : ops::Mode::kEval;
}

}  // namespace effnet::models
