#include "models/noise.h"

#include <ATen/CPUGeneratorImpl.h>

namespace effnet::models {

Noise::Noise() : generator_(at::detail::createCPUGenerator(0)) {}

void Noise::restart(std::uint64_t seed) {
  generator_.set_current_seed(seed);
}

// Drawn on the CPU whatever the device, so that the choices are the same on every device; they are small.
torch::Tensor Noise::keep(at::IntArrayRef shape, double survival, const torch::Tensor& x) {
  const torch::NoGradGuard no_grad;
  torch::Tensor kept = torch::empty(shape, torch::kFloat).bernoulli_(survival, generator_).div_(survival);
  return kept.to(x.device());
}

}  // namespace effnet::models
