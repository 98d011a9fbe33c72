// The random choices of a training step: dropout (arXiv 1207.0580) and stochastic depth (arXiv 1603.09382).
// The generator is the net's own and is started anew from (seed, step), so a step can be repeated from its
// number alone and nothing has to be saved for resuming.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace effnet::models {

class Noise {
 public:
  Noise();

  void restart(std::uint64_t seed);

  // Floats of `shape` on x's device: 1/survival with probability `survival`, else 0.
  torch::Tensor keep(at::IntArrayRef shape, double survival, const torch::Tensor& x);

 private:
  at::Generator generator_;
};

}  // namespace effnet::models
