// A network built from an ArchSpec alone: stem, stages, head, mean over the map, dropout, classifier. Tensors
// are channels_last throughout. Parameters are named stem.conv.weight, blocks.S.R.dw.bn.bias,
// classifier.weight (stages and repeats from 0, as timm counts them; a stem or head of several entries is
// stem.0, stem.1, ...).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "models/block.h"
#include "models/noise.h"
#include "ops/inference.h"
#include "spec/arch_spec.h"
#include "spec/recipe.h"

namespace effnet::models {

// What of training belongs to the modules.
struct Regularization {
  double drop_path = 0;  // of the last block; block i of N drops with drop_path * i / N, i over all stages
  double drop = 0;       // before the classifier
  double bn_momentum = spec::Recipe{}.bn_momentum;
};

// The rate of block `index` of `count`: survival 1 - drop_path * index / count (tensorflow/tpu efficientnet_model.py).
double drop_path_of_block(double drop_path, int index, int count);

Regularization regularization_of(const spec::Recipe& recipe);

// `maps` is how training stores maps, float or bfloat16; parameters, statistics and logits are floats.
class NetImpl : public torch::nn::Module {
 public:
  NetImpl(const spec::ArchSpec& arch, const Regularization& regularization, std::uint64_t seed,
          const ops::ExecutionContext& context = {}, at::ScalarType maps = torch::kFloat);

  // (N, C, H, W), normalised -> logits (N, classes) in float. In evaluation mode without gradients weights are prepared at the
  // first call, and again after they changed (ops/inference.h).
  torch::Tensor forward(const torch::Tensor& pictures);

  // Of evaluation without gradients, where the project's kernels run it (cpu/inference.h); that of `maps` otherwise.
  void set_inference_precision(cpu::Precision precision) { prepared_.use(precision); }

  // Weights may have changed.
  void train(bool on = true) override;

  // Starts dropout and stochastic depth of one training step.
  void restart_noise(std::uint64_t seed) { noise_.restart(seed); }

  // Draws of steps of one shape lie where they lay before (models/noise.h).
  void keep_noise_in_place() { noise_.stay_in_place(); }

  const spec::ArchSpec& arch() const { return arch_; }
  const ops::ExecutionContext& context() const { return context_; }
  const ops::PreparedNet& prepared() const { return prepared_; }

 private:
  torch::Tensor infer(
      const torch::Tensor& pictures);  // undefined where the net's blocks have no place in inference.h

  spec::ArchSpec arch_;
  double drop_;
  at::ScalarType maps_;
  ops::ExecutionContext context_;
  Noise noise_;
  std::vector<std::shared_ptr<BlockImpl>> blocks_;  // stem, stages and head in order
  torch::nn::Linear classifier_{nullptr};
  ops::PreparedNet prepared_;
};
TORCH_MODULE(Net);

// Convolutions normal with standard deviation sqrt(2 / fan_out), fan_out = k*k*out/groups; classifier uniform
// within 1/sqrt(classes); biases 0, batch norm 1 and 0 (tensorflow/tpu efficientnet_model.py). Every tensor
// has its own stream of (seed, name), so nothing else that draws random numbers matters.
void initialize(torch::nn::Module& net, std::uint64_t seed);

std::int64_t parameter_count(const torch::nn::Module& net);

// Pictures as the loader makes them, (N, H, W, C) floats that must outlive the tensor, seen as (N, C, H, W)
// channels_last.
torch::Tensor as_channels_last(float* pixels, std::int64_t count, std::int64_t channels, std::int64_t size);

}  // namespace effnet::models
