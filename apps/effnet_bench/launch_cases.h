// The launches of a net's training step on CUDA, as the operators of ops/ make them (cuda/mbconv.h, cuda/conv_norm_act.h):
// every distinct layer once, and its convolutions as cuDNN and LibTorch know them; the mean over the last map
// (cuda/head_mean.h); the optimizer's step. Torch-free; nothing is launched here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/effnet_bench/device_layers.h"
#include "cuda/work.h"
#include "cudnn/convolution_shape.h"

namespace effnet::apps {

// A convolution among the launches, and memory of its own kind for a peer: weights and their gradient are stored as the
// maps are.
struct PeerConvolution {
  cudnn::Convolution convolution;
  bool backward = false;     // both gradients, or without x_gradient that of the weights alone
  bool norm_before = false;  // the launch applies batch norm and activation to x as it reads it
  bool gated = false;        // and a gate a picture
  kernels::Activation activation = kernels::Activation::kIdentity;
  void *x = nullptr, *weights = nullptr, *y = nullptr;     // backward: the gradient of y
  void *x_gradient = nullptr, *weight_gradient = nullptr;  // backward
};

struct LaunchCase {
  std::string layer;  // "mb k3 s2 16-96-24 @112": channels in, within, out; side of the map
  int repeats = 1;    // how often the net has it
  // "depthwise_forward"; for all of a layer's "forward", "backward", "update"; for all of a net's "inference".
  std::string kernel;
  cuda::WorkList work;
  std::optional<PeerConvolution> peer;

  bool whole_layer() const {
    return kernel == "forward" || kernel == "backward" || kernel == "update" || kernel == "inference";
  }
};

// Stands for memory that is not there yet: plans and models ask pointers only whether they are null.
inline void* nowhere() {
  return reinterpret_cast<void*>(std::uintptr_t{1} << 40);
}

// What the cases' memory holds at most, in bytes. Error{kUsage} at `where` for a net without MBConv blocks, or with channels
// that there are no kernels for.
std::size_t launch_memory(const NetOnDevice& net, std::string_view where);

// The bytes of a training step by the kernels' models (cuda/work.h). The classifier, which is LibTorch's, is not in it.
struct StepBytes {
  cuda::BytesModel forward, backward, update;  // of the whole batch

  double total() const { return forward.total() + backward.total() + update.total(); }
};

StepBytes step_bytes(const NetOnDevice& net);

// In `memory`, which one layer after the other uses anew: run in this order, each works on what those before have left.
// Residual blocks have drop-path. Without memory they can be counted and not run. A layer's own cases come together,
// forward first, each direction as a whole before its launches.
std::vector<LaunchCase> launch_cases(const NetOnDevice& net, void* memory);

}  // namespace effnet::apps
