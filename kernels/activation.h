// The activation functions that follow a batch norm: identity, ReLU, ReLU6 = min(max(z, 0), 6), SiLU = z * sigmoid(z)
// (arXiv 1606.08415), hard-swish = z * ReLU6(z + 3) / 6 (arXiv 1905.02244). Slopes at a corner are PyTorch's.
#pragma once

namespace effnet::kernels {

enum class Activation { kIdentity, kRelu, kRelu6, kSilu, kHardSwish };

// The definition, in double.
double activation_value(Activation activation, double z);
double activation_slope(Activation activation, double z);

}  // namespace effnet::kernels
