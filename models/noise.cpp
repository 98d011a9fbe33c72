#include "models/noise.h"

#include <ATen/CPUGeneratorImpl.h>

namespace effnet::models {

Noise::Noise() : generator_(at::detail::createCPUGenerator(0)) {}

void Noise::restart(std::uint64_t seed) {
  seed_ = seed;
  generator_.set_current_seed(seed);
  next_ = 0;
  if (!in_place_ || draws_.empty()) return;
  if (ahead_ != draws_.size()) lay_out();
  std::int64_t at = 0;
  for (const Draw& made : draws_) {
    const torch::Tensor kept = draw(made.shape, made.survival);
    host_.narrow(0, at, kept.numel()).copy_(kept.flatten());
    at += kept.numel();
  }
  device_.copy_(host_);
}

// Drawn on the CPU whatever the device, so that the choices are the same on every device; they are small.
torch::Tensor Noise::draw(at::IntArrayRef shape, double survival) {
  const torch::NoGradGuard no_grad;
  return torch::empty(shape, torch::kFloat).bernoulli_(survival, generator_).div_(survival);
}

// What the last step drew gets its place.
void Noise::lay_out() {
  std::int64_t count = 0;
  for (const Draw& made : draws_) count += made.kept.numel();
  host_ = torch::empty({count}, torch::kFloat);
  device_ = torch::empty({count}, draws_.front().kept.options());
  std::int64_t at = 0;
  for (Draw& made : draws_) {
    made.kept = device_.narrow(0, at, made.kept.numel()).view(made.shape);
    at += made.kept.numel();
  }
  ahead_ = draws_.size();
}

// This step is another one than the last; it goes on from here as if nothing had been drawn ahead.
void Noise::forget_behind(std::size_t count) {
  draws_.resize(count);
  ahead_ = count;
  generator_.set_current_seed(seed_);
  for (const Draw& made : draws_) draw(made.shape, made.survival);
}

torch::Tensor Noise::keep(at::IntArrayRef shape, double survival, const torch::Tensor& x) {
  if (!in_place_) return draw(shape, survival).to(x.device());
  if (next_ < ahead_) {
    const Draw& made = draws_[next_];
    if (at::IntArrayRef(made.shape) == shape && made.survival == survival) return draws_[next_++].kept;
    forget_behind(next_);
  }
  draws_.push_back({shape.vec(), survival, draw(shape, survival).to(x.device())});
  return draws_[next_++].kept;
}

}  // namespace effnet::models
