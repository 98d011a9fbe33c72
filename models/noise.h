// The random choices of a training step: dropout (arXiv 1207.0580) and stochastic depth (arXiv 1603.09382).
// The generator is the net's own and is started anew from (seed, step), so a step can be repeated from its
// number alone and nothing has to be saved for resuming.
//
// A CUDA graph of a step reads the same memory every time. With stay_in_place() a step's draws are made by restart(), where
// those of the step before lay, and reach the device in one copy; they are the same numbers. What the step before drew must
// no longer be needed then.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace effnet::models {

class Noise {
 public:
  Noise();

  void stay_in_place() { in_place_ = true; }

  void restart(std::uint64_t seed);

  // Floats of `shape` on x's device: 1/survival with probability `survival`, else 0.
  torch::Tensor keep(at::IntArrayRef shape, double survival, const torch::Tensor& x);

 private:
  struct Draw {
    std::vector<std::int64_t> shape;
    double survival = 1;
    torch::Tensor kept;  // on the device
  };

  torch::Tensor draw(at::IntArrayRef shape, double survival);
  void lay_out();
  void forget_behind(std::size_t count);

  at::Generator generator_;
  std::uint64_t seed_ = 0;
  bool in_place_ = false;
  std::vector<Draw> draws_;      // of a step, in order
  std::size_t next_ = 0;         // of the step's draws
  std::size_t ahead_ = 0;        // so many were made by restart()
  torch::Tensor host_, device_;  // those, behind each other
};

}  // namespace effnet::models
