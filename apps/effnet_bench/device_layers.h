// The layers of a net as the kernels of CUDA see them: shapes, and which map goes on raw to the next layer. Torch-free.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cuda/mbconv.h"
#include "cuda/row_plan.h"
#include "kernels/conv.h"
#include "spec/arch_spec.h"

namespace effnet::apps {

struct NetOnDevice {
  spec::ArchSpec arch;
  kernels::Index batch = 1;
  cuda::Storage storage = cuda::Storage::kBfloat16;
};

struct WithoutKernels {};

struct ParameterCount {
  kernels::Index count = 0;
};

// The mean over the last map.
struct HeadMean {
  cuda::RowShape shape;
};

// What a layer reads or leaves raw (cuda/mbconv.h), as neighbours allow.
struct RawEnds {
  bool in = false, out = false;
  kernels::Activation activation = kernels::Activation::kIdentity;  // behind a raw input's norm
};

// A layer of the net, and how often there is one of its kind.
struct DeviceLayer {
  std::string name;
  int repeats = 1;
  std::variant<WithoutKernels, cuda::MBConvShape, kernels::ConvShape, HeadMean, ParameterCount> shape;
  RawEnds raw;
};

// All layers, one behind the other; raw ends are not set.
std::vector<DeviceLayer> layers_in_order(const NetOnDevice& net);

// Every distinct layer that has kernels once, in the net's order; last what its optimizer updates.
std::vector<DeviceLayer> device_layers(const NetOnDevice& net);

}  // namespace effnet::apps
