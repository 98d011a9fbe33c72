// Convolutions by cuDNN's graph API, dense, in groups or depthwise, channels_last:
//
//   y = conv(x, w);  gradient of x from that of y and w;  gradient of w from x and that of y
//
// x (N, H, W, Cin), w (Cout, k, k, Cin / groups), y (N, H', W', Cout), all in one storage, sums in float. Only engines that
// give the same bits every time, and for float none that rounds its numbers to fewer digits on the way. A plan is cuDNN's
// choice of engine for one shape and direction; whoever wants the fastest times several. No torch, no CUDA headers here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cudnn/convolution_shape.h"

namespace effnet::cudnn {

using cuda::Stream;

enum class Direction { kForward, kMapGradient, kWeightGradient };

// A device that plans are made for.
class Device {
 public:
  // The current device of this thread. std::runtime_error where there is none.
  static Device current();
  // One that need not be here: plans are found for it and cannot be run. `properties` is JSON of cuDNN's own form.
  static Device described(const std::string& properties);

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<Parts> parts_;
};

// In device memory at multiples of 16 bytes. What the direction makes is written: y, x or w, the latter two as gradients.
struct ConvolutionMemory {
  void *x = nullptr, *weights = nullptr, *y = nullptr;
  void* workspace = nullptr;  // workspace_bytes()
};

class ConvolutionPlan {
 public:
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  const std::string& engine() const { return engine_; }  // cuDNN's number of it, for tables

  // Returns without waiting; std::runtime_error where the launch fails, or for a device that is only described.
  void run(const ConvolutionMemory& memory, Stream stream) const;

 private:
  friend std::vector<ConvolutionPlan> find_plans(const Device&, const Convolution&, Direction, std::size_t);
  struct Parts;

  std::shared_ptr<const Parts> parts_;
  std::size_t workspace_bytes_ = 0;
  std::string engine_;
};

// At most `most` plans, those first that cuDNN expects to be the fastest; none where it has no engine.
std::vector<ConvolutionPlan> find_plans(const Device& device, const Convolution& convolution,
                                        Direction direction, std::size_t most = 1);

}  // namespace effnet::cudnn
